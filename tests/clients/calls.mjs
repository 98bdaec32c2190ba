// @arcgis/core's other calls about a job: results, a job that is gone, sublayers by both of the map's addresses.
import esriConfig from "@arcgis/core/config.js";
import MapImageLayer from "@arcgis/core/layers/MapImageLayer.js";
import JobInfo from "@arcgis/core/rest/support/JobInfo.js";

esriConfig.assetsPath = new URL("assets", location.href).href;

const { taskUrl, jobId, endedJobId, mapUrl, aliasUrl } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const submitted = (id) => new JobInfo({ jobId: id, jobStatus: "job-submitted", sourceUrl: taskUrl });

async function loaded(url) {
  const layer = new MapImageLayer({ url });
  await layer.loadAll();
  return layer.allSublayers.map((sublayer) => [sublayer.id, sublayer.title, sublayer.loaded]).toArray();
}

async function outcome(promise) {
  return promise.then((value) => value, (error) => error.message);
}

try {
  const job = submitted(jobId);
  await job.waitForJobCompletion({ interval: 50 });
  const raster = await job.fetchResultData("Hazard");
  const features = await job.fetchResultData("Contours");
  const value = await job.fetchResultData("Share_high");
  const gone = submitted(endedJobId);
  const goneOutcome = await outcome(gone.waitForJobCompletion({ interval: 50 }).then(() => "completed"));
  window.shown = {
    status: job.jobStatus,
    messages: job.messages.map(({ type, description }) => [type, description]),
    raster: { type: raster.dataType, href: raster.value.href, width: raster.value.width },
    features: { type: features.dataType, count: features.value.features.length, exceeded: features.value.exceededTransferLimit },
    value: value.value,
    gone: [gone.jobStatus, goneOutcome],
    sublayers: await loaded(mapUrl),
    aliasSublayers: await loaded(aliasUrl),
  };
} catch (error) {
  window.failed = `${error} ${error.stack}`;
}
