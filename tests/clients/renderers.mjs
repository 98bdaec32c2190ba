// What @arcgis/core makes of drawingInfo objects: one line of JSON for each on standard input's list.
import { text } from "node:stream/consumers";

globalThis.self = globalThis;
const { fromJSON } = await import("@arcgis/core/renderers/support/jsonUtils.js");
const { default: LabelClass } = await import("@arcgis/core/layers/support/LabelClass.js");

const symbolOf = (renderer) =>
  renderer.symbol ?? renderer.uniqueValueInfos?.[0]?.symbol ?? renderer.classBreakInfos?.[0]?.symbol ?? null;

for (const info of JSON.parse(await text(process.stdin))) {
  const renderer = fromJSON(info.renderer);
  const label = info.labelingInfo ? LabelClass.fromJSON(info.labelingInfo[0]) : null;
  console.log(
    JSON.stringify({
      type: renderer.type,
      color: symbolOf(renderer)?.color?.toRgba() ?? null,
      variables: (renderer.visualVariables ?? []).map(({ type, field, stops }) => [type, field ?? null, stops?.length ?? 0]),
      values: (renderer.uniqueValueInfos ?? []).map(({ value }) => value),
      limits: (renderer.classBreakInfos ?? []).map(({ maxValue }) => maxValue),
      dots: (renderer.attributes ?? []).map(({ field }) => field),
      heat: renderer.type === "heatmap" ? renderer.radius : null,
      label: label && [label.labelPlacement, label.labelExpressionInfo.expression],
    }),
  );
}
