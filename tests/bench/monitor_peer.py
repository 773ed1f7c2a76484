"""monitor_peer.py REFERENCE CURRENT: what a script of SciPy does for the same answers."""
import sys

import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon

a, b = (pd.read_csv(path, engine="pyarrow") for path in sys.argv[1:3])
for name in a.columns:
    x, y = a[name].dropna(), b[name].dropna()
    if pd.api.types.is_numeric_dtype(x):
        print(name, stats.wasserstein_distance(x, y) / x.std(ddof=0), stats.ks_2samp(x, y).pvalue)
    else:
        p, q = x.value_counts().align(y.value_counts(), fill_value=0)
        print(name, jensenshannon(p, q), stats.chi2_contingency([p, q])[1])
