// Menus close when the visitor looks elsewhere.
export function menus(root) {
  for (const menu of root.querySelectorAll("[data-menu]")) {
    root.addEventListener("click", (event) => {
      if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
}
