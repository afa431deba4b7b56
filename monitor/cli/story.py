"""`hedgewatch demo` and `hedgewatch devnet`."""

import argparse
import asyncio

from monitor.devnet.demo import DemoSettings, run
from monitor.devnet.demo_report import summary, write_files
from monitor.devnet.serve import DevnetSettings, run_devnet
from monitor.timetravel.chart import check_drawing


def demo(asked: argparse.Namespace) -> int:
    """Tell the story, print a summary, write the files."""
    check_drawing()
    result = run(DemoSettings(out=asked.out, days_a_second=asked.speed))
    print()
    for line in summary(result):
        print(line)
    written = write_files(result, asked.out)
    for number, path in enumerate(written):
        print(f"{'written' if number == 0 else '':<13} {path}")
    return 0


def devnet(asked: argparse.Namespace) -> int:
    """Run a local chain until stopped."""
    settings = DevnetSettings(
        port=asked.port, block_s=asked.block, usdc_is_token0=not asked.weth_first
    )
    asyncio.run(run_devnet(settings))
    return 0
