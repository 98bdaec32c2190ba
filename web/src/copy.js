// Buttons that copy an address; without a clipboard (plain http) the field is selected and copied the old way.
export function copyButtons(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    const field = button.parentElement.querySelector("input");
    field?.addEventListener("focus", () => field.select());
    button.addEventListener("click", async () => {
      const word = button.querySelector("[data-copy-word]");
      word.textContent = (await copy(button.dataset.copy, field)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => (word.textContent = "Copy"), 1800);
    });
  }
}

async function copy(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}
