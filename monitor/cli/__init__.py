"""`hedgewatch`: the command line. Verbs are imported when they are asked for."""

from monitor.cli.main import main as main
