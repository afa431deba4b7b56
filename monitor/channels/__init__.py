"""How alerts reach people and machines."""
