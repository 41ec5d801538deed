r"""Fleet: what is already online.

Per asset a and month t in [from_month, until_month]:
online accelerators = accelerators; running cost = usd_per_accelerator_hour x accelerators x hours_t. In a scenario
its fleet_share multiplies both, and what a provider that has left hosted is neither online nor paid for.
"""

from __future__ import annotations

from models.core.ledgers import Payer, Source
from models.core.linear import Linear
from models.core.model import Model
from models.dataset import Dataset
from models.kinds import FLEET
from models.schema import Fleet


def add_fleet(model: Model) -> None:
    """Adds every asset to the capacity and cost ledgers; no decisions here."""
    dataset = model.dataset
    for asset in dataset.fleet:
        site = asset.site or asset.asset
        source = Source(
            kind=FLEET,
            name=asset.asset,
            term_months=0,
            provider=asset.provider,
            region=asset.region,
            site=site,
            hardware=asset.hardware,
            usage_usd=asset.usage_usd_per_accelerator_hour,
            sublet=asset.sublet,
        )
        payer = Payer(FLEET, asset.asset, asset.provider, asset.region, site)
        for t, accelerators in accelerators_online(dataset, asset).items():
            model.capacity.bring_online(source, t, Linear(accelerators))
            running_cost = asset.usd_per_accelerator_hour * accelerators * dataset.hours(t)
            model.costs.pay("fleet", payer, t, Linear(running_cost))


def fleet_names(asset: Fleet) -> tuple[str, ...]:
    """The names whose shares of the fleet act on an asset, its own first."""
    return asset.asset, asset.provider, asset.site or asset.asset, asset.region


def accelerators_online(dataset: Dataset, asset: Fleet) -> dict[int, float]:
    """Accelerators of an asset by month t in which it is there."""
    gone = dataset.realization.exit(asset.provider)
    names = fleet_names(asset)
    return {
        t: asset.accelerators * dataset.realization.fleet_share(names, t)
        for t in dataset.window(asset.from_month, asset.until_month)
        if gone is None or t < gone
    }
