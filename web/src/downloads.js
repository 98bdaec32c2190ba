// Links that hold the view on the screen as a picture.
export function downloads(map, data, list) {
  const links = [...document.querySelectorAll("[data-download]")];
  const menu = document.querySelector("[data-menu]");
  const legend = document.querySelector("[data-legend]");
  const given = data.paths.token ? { token: data.paths.token } : {};
  const renew = () => {
    const ids = list.shown().map((layer) => layer.id).join(",");
    legend.search = new URLSearchParams({ layers: ids, ...given });
    const size = map.getSize();
    if (!size?.every((side) => side > 0)) return;
    const bbox = map.getView().calculateExtent(size).map((value) => value.toFixed(3));
    const layers = list.isAsPublished() ? "default" : ids;
    for (const link of links) {
      const ratio = Math.min(Number(link.dataset.download) * Math.max(1, devicePixelRatio), 4, data.maxPx / Math.max(...size));
      const query = new URLSearchParams({ bbox: bbox.join(","), size: size.map(Math.round).join(","), ratio: ratio.toFixed(3), layers, background: "white", ...given });
      link.href = `${data.paths.download}?${query}`;
      link.querySelector("[data-size]").textContent = `PNG, ${size.map((side) => Math.round(side * ratio)).join(" × ")}`;
    }
  };
  map.on("moveend", renew);
  menu.addEventListener("toggle", renew);
}
