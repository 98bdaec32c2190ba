// The description of every address, from our own document.
import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

const place = document.getElementById("docs");
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();
SwaggerUIBundle({ url: place.dataset.openapi, domNode: place, deepLinking: true, docExpansion: "list", defaultModelsExpandDepth: 0, validatorUrl: null });
