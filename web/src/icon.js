// A line drawing of 20 x 20, as the templates have them.
const NS = "http://www.w3.org/2000/svg";

export function icon(path) {
  const drawing = document.createElementNS(NS, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(document.createElementNS(NS, "path"));
  drawing.firstChild.setAttribute("d", path);
  return drawing;
}
