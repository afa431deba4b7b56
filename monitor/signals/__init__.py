"""Every number a rule may name, and the windows over them."""
