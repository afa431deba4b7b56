"""Rules over times that are told: the tests of rule files."""
