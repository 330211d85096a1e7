"""Whether a map shows what the network used: the picture is changed where the map points.

Every measure of a map stands beside that of a random map and of a blob in the middle, taken with
the same network in the same run: a number that neither null reaches is worth something.
"""

from medkd_core.explanation.faithfulness.measuring import DEFAULT_PERCENTAGES as DEFAULT_PERCENTAGES
from medkd_core.explanation.faithfulness.measuring import DEFAULT_STEPS as DEFAULT_STEPS
from medkd_core.explanation.faithfulness.measuring import faithfulness as faithfulness
from medkd_core.explanation.faithfulness.results import MEASURES as MEASURES
from medkd_core.explanation.faithfulness.results import ClassFaithfulness as ClassFaithfulness
from medkd_core.explanation.faithfulness.results import Curves as Curves
from medkd_core.explanation.faithfulness.results import Faithfulness as Faithfulness
from medkd_core.explanation.faithfulness.results import Measure as Measure
from medkd_core.explanation.faithfulness.results import Score as Score
from medkd_core.explanation.faithfulness.sets import Interval as Interval
from medkd_core.explanation.faithfulness.sets import SetScore as SetScore
from medkd_core.explanation.faithfulness.sets import mean_curves as mean_curves
from medkd_core.explanation.faithfulness.sets import summary as summary
