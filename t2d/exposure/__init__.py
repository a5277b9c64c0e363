"""What could be read if somebody took the disk, the keys, or a laptop: measured, and said in words.

For stewards, who see no dialogue. It looks at settings, files, roles and the shape of tables, and at no row of any
of them: it cannot even tell whether there is an initiative.
"""

from t2d.exposure.measured import Measured, measure
from t2d.exposure.told import Finding, Scenario, inside, told

__all__ = ["Finding", "Measured", "Scenario", "inside", "measure", "told"]
