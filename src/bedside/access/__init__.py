"""Who may do what: roles, paired devices, and the log of what was done."""
