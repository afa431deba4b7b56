"""Hedge layers: legs, their prices by the model, tickets, and a layer's life."""
