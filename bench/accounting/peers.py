"""dp_accounting and Opacus, asked line by line: a name, answered with "milliseconds value"."""

import sys
import time
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import dp_accounting as dp
from dp_accounting import pld

# Opacus as a package imports torch; its accountant alone needs NumPy and SciPy.
place = Path(find_spec("opacus").origin).parent / "accountants/analysis/rdp.py"
spec = spec_from_file_location("opacus_rdp", place)
opacus_rdp = module_from_spec(spec)
spec.loader.exec_module(opacus_rdp)

SIGMA, Q, T, DELTA = 1.0, 0.01, 1000, 1e-5


def pld_epsilon(q, steps):
    event = dp.SelfComposedDpEvent(dp.PoissonSampledDpEvent(float(q), dp.GaussianDpEvent(SIGMA)), int(steps))
    return pld.PLDAccountant(value_discretization_interval=1e-4).compose(event).get_epsilon(DELTA)


def calibrate():
    def event(sigma):
        return dp.SelfComposedDpEvent(dp.PoissonSampledDpEvent(Q, dp.GaussianDpEvent(sigma)), T)

    return dp.calibrate_dp_mechanism(
        pld.PLDAccountant, event, 2.0, DELTA, dp.ExplicitBracketInterval(0.1, 10), tol=1e-4
    )


ORDERS = [1 + x / 10.0 for x in range(1, 100)] + list(range(12, 64))


def opacus():
    values = opacus_rdp.compute_rdp(q=Q, noise_multiplier=SIGMA, steps=T, orders=ORDERS)
    return opacus_rdp.get_privacy_spent(orders=ORDERS, rdp=values, delta=DELTA)[0]


WORK = {"pld": pld_epsilon, "calibrate": calibrate, "opacus": opacus}
print(f"dp_accounting {version('dp-accounting')}, Opacus {version('opacus')}", flush=True)
for line in sys.stdin:
    name, *arguments = line.split()
    start = time.process_time()
    value = WORK[name](*arguments)
    print(1000 * (time.process_time() - start), value, flush=True)
