"""Who may do what: the gate that every plan must pass."""
