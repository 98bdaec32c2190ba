"""One folder per protocol, strangers to each other; shared doors beside them."""
