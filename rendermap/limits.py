"""Every bound that refuses a question or a file, in one table: all rooms take their numbers from it, and the manual shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rendermap.table import Table

MEGABYTE = 1024 * 1024


class About(Enum):
    """What a limit bounds.  Its value: the heading in the manual, and who is told of a refusal, and how."""

    QUESTION = "A question", "Whoever asks, in the protocol's own words, with the limit."
    PICTURE = "A picture", "Whoever asks, in the protocol's own words, with the limit."
    TURN = "Taking turns", "Whoever asks, in the protocol's own words, and where it helps when to ask again."
    JOB = (
        "A job and its datasets",
        "Whoever opens the map, as the fault of the one layer, with the limit; the others draw. The log says which dataset.",
    )
    RESULT = "A result of another server", "Whoever looks at the job, as its last message, with the limit."
    SYMBOL_PICTURE = (
        "A picture in a layer file",
        "`rendermap check` and the log, with the place in the file; the symbol draws without the picture.",
    )
    LAYER_FILE = (
        "A layer file",
        "Whoever opens the map, as the fault of the one layer; `rendermap check` and the log name the place in the file.",
    )


@dataclass(frozen=True, slots=True)
class Limit:
    """At most value of something may be asked for or found.

    name: in a few words, unique.  unit: what is counted, as it ends "At most 5 ...".  protects: what more of it would cost.
    setting: the setting that changes value, which is its default then; 0 stands for no limit where a setting may be 0.
    """

    name: str
    value: int
    unit: str
    protects: str
    about: About
    setting: str | None = None

    @property
    def sentence(self) -> str:
        """The refusal, in words safe for strangers."""
        return f"At most {spelled(self.value)} {self.unit} are allowed."

    def against(self, asked: int) -> str:
        """The refusal of a known number."""
        return f"At most {spelled(self.value)} {self.unit} are allowed; {spelled(asked)} were asked for."


def spelled(number: int) -> str:
    """``4096``, ``10,000``: four digits are read at a glance."""
    return f"{number:,}" if abs(number) >= 10_000 else str(number)


# --- a question --------------------------------------------------------------------------------------------------------

ADDRESS_BYTES = Limit("address", 60_000, "bytes in an address", "memory and time of parsing", About.QUESTION)
HEADERS = Limit("headers", 100, "headers in a request", "memory before anything is known of the asker", About.QUESTION)
HEAD_BYTES = Limit(
    "head", 128 * 1024, "bytes in the address and headers of a request", "memory before anything is known of the asker", About.QUESTION
)
BODY_BYTES = Limit("body", 1_000_000, "bytes in the body of a request", "memory and time of parsing", About.QUESTION)
PARAMETERS = Limit("parameters", 200, "parameters in a request", "time of parsing", About.QUESTION)
FORM_FILES = Limit("files in a form", 4, "files in a form", "memory; files are passed over", About.QUESTION)
JSON_CHARS = Limit("length of JSON", 100_000, "characters in a parameter that is JSON", "time of parsing", About.QUESTION)
JSON_DEPTH = Limit("depth of JSON", 24, "levels in a parameter that is JSON", "the stack", About.QUESTION)
LENIENT_CHARS = Limit("lenient JSON", 4_000, "characters in JSON without quotes", "time of parsing", About.QUESTION)
LAYER_IDS = Limit("layer list", 1_000, "ids in a list of layers", "time of parsing", About.QUESTION)
CRS_CHARS = Limit("reference system", 4_000, "characters in a coordinate reference system", "time of parsing", About.QUESTION)
EXPRESSION_CHARS = Limit("length of a filter", 16_000, "characters in a filter or expression", "time of parsing", About.QUESTION)
EXPRESSION_DEPTH = Limit("depth of a filter", 40, "levels in a filter or expression", "the stack, here and in the engine", About.QUESTION)
HREF_CHARS = Limit(
    "picture address", 6_000, "characters in the address of a picture", "addresses that proxies and browsers cut", About.QUESTION
)
INPUT_CHARS = Limit("value for a tool", 1_000_000, "characters in a value for a tool", "time of parsing", About.QUESTION)
INPUT_TEXT = Limit("text for a tool", 10_000, "characters in a text for a tool", "the job's document", About.QUESTION)
INPUT_VALUES = Limit("list for a tool", 1_000, "values in a list for a tool", "the job's document", About.QUESTION)
INPUT_FEATURES = Limit("features for a tool", 10_000, "features in a value for a tool", "the job's document", About.QUESTION)
INPUT_VERTICES = Limit("vertices for a tool", 100_000, "vertices in a value for a tool", "the job's document", About.QUESTION)
INPUT_FIELDS = Limit("fields for a tool", 200, "fields of the features in a value for a tool", "the job's document", About.QUESTION)

# --- a picture ---------------------------------------------------------------------------------------------------------

ANSWER_BYTES = Limit(
    "answer of features",
    16 * MEGABYTE,
    "bytes of one feature, or of a list of ids,",
    "memory; an answer of more ends early, and says that there is more",
    About.QUESTION,
)
PICTURE_SIDE = Limit("side", 4_096, "pixels on a side of a picture", "memory of workers", About.PICTURE, "max_px")
PICTURE_PIXELS = Limit("pixels", 4_096 * 4_096, "pixels in a picture", "memory of workers", About.PICTURE)
PICTURE_LAYERS = Limit("layers", 64, "layers in a picture", "time of drawing", About.PICTURE)
LAYER_PIXELS = Limit(
    "pixels of layers", 16 * 4_096 * 4_096, "pixels in all layers of a picture together", "memory of workers", About.PICTURE
)
DPI = Limit("resolution", 1_200, "dots per inch", "symbols and labels larger than the picture", About.PICTURE)
PIXEL_RATIO = Limit("pixel ratio", 4, "device pixels per pixel", "memory of workers", About.PICTURE)
ZOOM = Limit("zoom", 24, "zoom levels", "numbers too fine to be exact", About.PICTURE)
SWATCH_SIDE = Limit("swatch", 128, "pixels on a side of a swatch", "memory of workers", About.PICTURE)
SWATCH_DEVICE_PIXELS = Limit("swatch on a fine screen", 400, "device pixels on a side of a swatch", "memory of workers", About.PICTURE)
SWATCHES = Limit(
    "lines of a legend", 2_000, "classes in a layer's legend", "memory; the last line tells how many more there are", About.PICTURE
)
SHEET_LINES = Limit(
    "legend picture",
    300,
    "lines of a layer in a picture of the legend",
    "memory; the last line tells how many more there are",
    About.PICTURE,
)

# --- taking turns ------------------------------------------------------------------------------------------------------

CONNECTIONS = Limit("connections", 8_192, "connections of clients", "memory and open files of the service", About.TURN, "connection_limit")
REQUESTS_IN_A_ROW = Limit("requests in a row", 16, "requests of a connection before the first is answered", "memory", About.TURN)
REQUEST_S = Limit("time of a request", 20, "seconds until a request has come whole", "connections that others need", About.TURN)
QUEUE = Limit("queue", 256, "drawings in the queue", "answers that come too late to be of use", About.TURN, "queue_limit")
QUEUE_S = Limit("time in the queue", 20, "seconds in the queue", "answers that come too late to be of use", About.TURN, "queue_s")
DRAWING_S = Limit("time of a drawing", 30, "seconds of drawing", "workers for all others", About.TURN, "deadline_s")
WORKER_MEMORY = Limit(
    "memory of a drawing", 2_048, "megabytes of memory in a worker", "the machine's memory", About.TURN, "memory_limit_mb"
)
EXECUTION_S = Limit(
    "time of an execution", 55, "seconds until a task that is waited for has its results", "connections; clients wait a minute", About.TURN
)
CLIENT_DRAWINGS = Limit(
    "pictures at once", 64, "pictures being made at once for one client", "workers for all others", About.TURN, "drawings_per_client"
)
PIXEL_BUDGET = Limit(
    "pixel budget", 0, "megapixels an hour for one client", "results against being copied whole", About.TURN, "pixel_budget_mpx"
)

# --- a job and its datasets --------------------------------------------------------------------------------------------

JOB_DOCUMENT_BYTES = Limit("job document", 16 * MEGABYTE, "bytes in a job's document", "memory of the service", About.JOB)
DATASET_NAME_CHARS = Limit("name of a dataset", 1_024, "characters in the name of a dataset", "time of parsing", About.JOB)
FEATURES = Limit("features", 100_000_000, "features in a dataset", "time of reading, memory of workers", About.JOB)
VERTICES = Limit(
    "vertices",
    10_000_000_000,
    "vertices in a dataset, by what its files can hold at most,",
    "time of reading, memory of workers",
    About.JOB,
)
RASTER_SIDE = Limit("cells of a side", 10_000_000, "cells on a side of a raster", "time of reading, memory of workers", About.JOB)
BANDS = Limit("bands", 1_024, "bands in a raster", "memory and time of looking at each", About.JOB)
BLOCK_BYTES = Limit("piece of a raster", 512 * MEGABYTE, "bytes in a tile or strip of a raster, unpacked,", "memory of workers", About.JOB)
VALUES = Limit(
    "distinct values",
    10_000,
    "different values of a field or band that are listed",
    "memory; beyond it the template's classes stay",
    About.JOB,
)
SIDECAR_BYTES = Limit(
    "description beside a raster", 16 * MEGABYTE, "bytes in a file that describes a raster", "memory of the service", About.JOB
)
CELL_CHARS = Limit("cell of a table", 64 * MEGABYTE, "characters in a cell of a CSV table", "memory of workers", About.JOB)
COPY_BYTES = Limit("derived copy", 4_096 * MEGABYTE, "bytes in a file that a worker writes", "the disk", About.JOB)

# --- a result of another server ----------------------------------------------------------------------------------------

REMOTE_FILE_BYTES = Limit("file of a result", 2_048 * MEGABYTE, "bytes in a file of a result", "the disk", About.RESULT)
REMOTE_DOCUMENT_BYTES = Limit(
    "document of a result", 64 * MEGABYTE, "bytes in a JSON document of a result", "memory of the service", About.RESULT
)
REMOTE_STATUS_BYTES = Limit(
    "word of another server", MEGABYTE, "bytes in what another server says of a job or process", "memory of the service", About.RESULT
)

# --- a layer file ------------------------------------------------------------------------------------------------------

STYLE_BYTES = Limit("layer file", 32 * MEGABYTE, "bytes in a layer file", "memory of the service", About.LAYER_FILE)
STYLE_JSON_DEPTH = Limit("depth of a JSON layer file", 64, "levels in a layer file that is JSON", "the stack", About.LAYER_FILE)
STYLE_XML_DEPTH = Limit("depth of an XML layer file", 100, "levels in a layer file that is XML", "the stack", About.LAYER_FILE)
CLASSES = Limit("classes", 20_000, "classes in a layer", "time of drawing", About.LAYER_FILE)
CELL_CLASSES = Limit("classes of cells", 1 << 16, "classes of cells in a layer", "time of drawing", About.LAYER_FILE)
RULES = Limit("rules", 20_000, "rules in a layer", "time of drawing", About.LAYER_FILE)
RULE_DEPTH = Limit("rules in rules", 32, "levels of rules inside rules", "the stack", About.LAYER_FILE)
ELSE_CHARS = Limit(
    "rests of rules", 4_000_000, "characters in the conditions of what other rules leave", "memory of workers", About.LAYER_FILE
)
GROUP_DEPTH = Limit("groups in groups", 16, "levels of groups in a layer file", "the stack, and rings", About.LAYER_FILE)
SYMBOL_LAYERS = Limit("symbol layers", 200, "layers in a symbol", "time of drawing", About.LAYER_FILE)
SYMBOL_DEPTH = Limit("symbols in symbols", 8, "levels of symbols inside symbols", "the stack", About.LAYER_FILE)
RENDERER_DEPTH = Limit("renderers in renderers", 8, "levels of renderers inside renderers", "the stack", About.LAYER_FILE)
SYMBOL_ELEMENTS = Limit("elements of classes", 1_000_000, "elements in the symbols of all classes together", "memory", About.LAYER_FILE)
OUTLINE_POINTS = Limit("points of a shape", 20_000, "points in a shape of a symbol", "time of drawing", About.LAYER_FILE)
DOTS = Limit("dots", 600_000, "dots in a dot density", "memory of workers", About.LAYER_FILE)
EXPRESSION_PARTS = Limit("parts of an expression", 5_000, "parts in an expression", "memory and time of drawing", About.LAYER_FILE)
BRANCH_DEPTH = Limit("branches in branches", 100, "levels of branches in an expression", "the stack", About.LAYER_FILE)
STATEMENTS = Limit("statements", 1_000, "statements in an expression", "time of reading", About.LAYER_FILE)
STATEMENT_PARTS = Limit("parts of statements", 50_000, "parts in all statements of an expression", "memory", About.LAYER_FILE)
OPERATORS = Limit("arithmetic", 1_000, "operators in an expression of Mapnik", "the engine's stack", About.LAYER_FILE)
PICTURE_BYTES = Limit("picture", 4 * MEGABYTE, "bytes in a picture of a symbol", "memory of workers", About.SYMBOL_PICTURE)
SYMBOL_PICTURE_SIDE = Limit(
    "side of a picture", 4_096, "pixels on a side of a picture of a symbol", "memory of workers", About.SYMBOL_PICTURE
)
SYMBOL_PICTURE_PIXELS = Limit("size of a picture", 4_000_000, "pixels in a picture of a symbol", "memory of workers", About.SYMBOL_PICTURE)
GALLERY_PIXELS = Limit(
    "all pictures", 100_000_000, "pixels in all pictures of a layer file together", "memory of workers", About.LAYER_FILE
)
SVG_ELEMENTS = Limit("SVG", 5_000, "elements in an SVG picture, each as often as it is used,", "time of drawing", About.SYMBOL_PICTURE)
SVG_STOPS = Limit("SVG gradients", 10_000, "stops in the gradients of an SVG picture", "time of drawing", About.SYMBOL_PICTURE)
SVG_ATTRIBUTES = Limit("SVG attributes", 200, "attributes on an element of an SVG picture", "time of reading", About.SYMBOL_PICTURE)
SVG_CHARS = Limit("SVG text", 4 * MEGABYTE, "characters in the attributes of an SVG picture", "memory", About.SYMBOL_PICTURE)

LIMITS: Table[Limit] = Table(
    "limit",
    {
        limit.name: limit
        for limit in (
            ADDRESS_BYTES,
            HEADERS,
            HEAD_BYTES,
            BODY_BYTES,
            PARAMETERS,
            FORM_FILES,
            JSON_CHARS,
            JSON_DEPTH,
            LENIENT_CHARS,
            LAYER_IDS,
            CRS_CHARS,
            EXPRESSION_CHARS,
            EXPRESSION_DEPTH,
            HREF_CHARS,
            ANSWER_BYTES,
            INPUT_CHARS,
            INPUT_TEXT,
            INPUT_VALUES,
            INPUT_FEATURES,
            INPUT_VERTICES,
            INPUT_FIELDS,
            PICTURE_SIDE,
            PICTURE_PIXELS,
            PICTURE_LAYERS,
            LAYER_PIXELS,
            DPI,
            PIXEL_RATIO,
            ZOOM,
            SWATCH_SIDE,
            SWATCH_DEVICE_PIXELS,
            SWATCHES,
            SHEET_LINES,
            CONNECTIONS,
            REQUESTS_IN_A_ROW,
            REQUEST_S,
            QUEUE,
            QUEUE_S,
            DRAWING_S,
            WORKER_MEMORY,
            EXECUTION_S,
            CLIENT_DRAWINGS,
            PIXEL_BUDGET,
            JOB_DOCUMENT_BYTES,
            DATASET_NAME_CHARS,
            FEATURES,
            VERTICES,
            RASTER_SIDE,
            BANDS,
            BLOCK_BYTES,
            VALUES,
            SIDECAR_BYTES,
            CELL_CHARS,
            COPY_BYTES,
            REMOTE_FILE_BYTES,
            REMOTE_DOCUMENT_BYTES,
            REMOTE_STATUS_BYTES,
            STYLE_BYTES,
            STYLE_JSON_DEPTH,
            STYLE_XML_DEPTH,
            CLASSES,
            CELL_CLASSES,
            RULES,
            RULE_DEPTH,
            ELSE_CHARS,
            GROUP_DEPTH,
            SYMBOL_LAYERS,
            SYMBOL_DEPTH,
            RENDERER_DEPTH,
            SYMBOL_ELEMENTS,
            OUTLINE_POINTS,
            DOTS,
            EXPRESSION_PARTS,
            BRANCH_DEPTH,
            STATEMENTS,
            STATEMENT_PARTS,
            OPERATORS,
            PICTURE_BYTES,
            SYMBOL_PICTURE_SIDE,
            SYMBOL_PICTURE_PIXELS,
            GALLERY_PIXELS,
            SVG_ELEMENTS,
            SVG_STOPS,
            SVG_ATTRIBUTES,
            SVG_CHARS,
        )
    },
)
