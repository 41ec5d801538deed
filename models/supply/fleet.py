r"""Fleet: what is already online.

Per asset a and month t in [from_month, until_month]:
online accelerators = accelerators; running cost = usd_per_accelerator_hour x accelerators x hours_t. In a scenario
what a provider that has left hosted is neither online nor paid for.
"""

from __future__ import annotations

from models.core.ledgers import Payer, Source
from models.core.linear import Linear
from models.core.model import Model
from models.kinds import FLEET


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
        exit_month = dataset.realization.exit(asset.provider)
        for t in dataset.window(asset.from_month, asset.until_month):
            if exit_month is None or t < exit_month:
                model.capacity.bring_online(source, t, Linear(asset.accelerators))
                running_cost = asset.usd_per_accelerator_hour * asset.accelerators * dataset.hours(t)
                model.costs.pay("fleet", payer, t, Linear(running_cost))
