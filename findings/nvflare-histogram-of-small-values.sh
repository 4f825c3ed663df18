#!/usr/bin/env bash
# nvflare 2.9.0 (numpy 2.4.6, pandas 3.1.1): a federated histogram of small values counts the same people several times.
#
# Guess: the histogram over all clients is the sum of theirs, bin by bin, whatever the unit of a feature: counts need no rounding.
# Seen:  the server rounds the edges of bins to four decimals and adds up by rounded edges. Where bins are narrower than 0.0001 (a
#        concentration in mol/l, a rate a second) several share their edges: each then gets the sum of all of them, from the second client
#        on. 3,000 values become 9,444. The controller's `precision` does not reach the histogram. Means and deviations are rounded alike:
#        the deviation is 0. In a usual unit the counts are right, but for a largest or smallest value that rounding leaves outside.
# Output: millilitres: 3000 values, histogram of 3000
#         litres: 3000 values, histogram of 9444; with precision 12: 9444
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check nvflare==2.9.0 numpy==2.4.6 pandas==3.1.1
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import logging
import sys
import numpy as np
import pandas as pd

logging.disable(logging.CRITICAL)
from nvflare.app_common.app_constant import StatisticsConstants as Names
from nvflare.app_common.statistics.numeric_stats import get_global_stats
from nvflare.app_opt.statistics.df.df_core_statistics import DFStatisticsCore


class Client(DFStatisticsCore):
    def __init__(self, values):
        super().__init__()
        self.data = {"train": pd.DataFrame({"x": values})}

    def load_data(self):
        return self.data

    def initialize(self, *arguments):
        pass


def counted(values, precision):
    """Both rounds of statistics, as the controller asks for them: values in all, and samples in the histogram's bins."""
    clients = [Client(own) for own in values]
    told = lambda ask: {f"client {i}": {"train": {"x": ask(client)}} for i, client in enumerate(clients)}
    first = {
        Names.STATS_COUNT: told(lambda client: int(client.count("train", "x"))),
        Names.STATS_MIN: told(lambda client: float(client.min_value("train", "x"))),
        Names.STATS_MAX: told(lambda client: float(client.max_value("train", "x"))),
    }
    found = get_global_stats({}, first, Names.STATS_1st_STATISTICS, {}, precision)
    low, high = (found[name]["train"]["x"] for name in (Names.STATS_MIN, Names.STATS_MAX))
    second = {Names.STATS_HISTOGRAM: told(lambda client: client.histogram("train", "x", 10, low, high))}
    found = get_global_stats(found, second, Names.STATS_2nd_STATISTICS, {}, precision)
    bins = found[Names.STATS_HISTOGRAM]["train"]["x"].bins
    return found[Names.STATS_COUNT]["train"]["x"], int(sum(each.sample_count for each in bins))


generator = np.random.default_rng(1)
clients = [np.concatenate([[0, 1], generator.integers(0, 1000, 998) / 1000]) for _ in range(3)]
usual = counted([own * 0.1 for own in clients], 4)
small, precise = (counted([own * 0.0001 for own in clients], precision) for precision in (4, 12))
print(f"millilitres: {usual[0]} values, histogram of {usual[1]}")
print(f"litres: {small[0]} values, histogram of {small[1]}; with precision 12: {precise[1]}")
sys.exit(0 if usual == (3000, 3000) and small[1] > 6000 and precise[1] > 6000 else 1)
PY
