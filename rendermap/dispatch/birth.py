"""How the service and the nursery talk of workers: orders one way, with the worker's ends of its wires, what became of them the other."""

from __future__ import annotations

import struct

MAX_ORDER_BYTES = 4096
"""An order is the path of the worker's room."""

EVENT = struct.Struct("!Bii")
"""What happened, to which process, and with which exit status: negative for the signal that ended it."""
BORN, ENDED = 1, 2
