"""A price catalogue as rows of `on_demand`: the cheapest accelerator-hour by region and hardware."""

from __future__ import annotations

from collections.abc import Mapping

from models.dataset import Dataset
from models.schema import OnDemand
from planner.errors import WrongUsage
from planner.imports.copy import Rows
from planner.imports.source import ImportRequest, few, numbers, read_source

FIELDS = {
    "hardware": ("AcceleratorName", "hardware", "accelerator"),
    "count": ("AcceleratorCount", "accelerators", "count"),
    "region": ("Region",),
    "price": ("Price", "usd_per_hour"),
    "provider": ("provider", "cloud"),
}
"""What is read; the first headings are those of the catalogues of SkyPilot (`vms.csv`)."""


def imported(request: ImportRequest, dataset: Dataset) -> Rows:
    """The rows that a catalogue of machines makes: the price of a machine by the hour, over its accelerators.

    Of machines of one provider, region and hardware the cheapest counts. What the workbook has no hardware or region
    of is left out, and told.

    Raises
    ------
    WrongUsage
        The file does not say what is needed, or nothing in it is in the workbook.
    """
    source = read_source(request, FIELDS, ("hardware", "count", "region", "price"))
    frame = source.frame
    if "provider" not in frame and request.provider is None:
        raise WrongUsage("The catalogue does not say whose it is; give --provider.")
    frame = frame.assign(
        count=numbers(request.source, frame["count"], "count"),
        price=numbers(request.source, frame["price"], "price"),
        provider=request.renamed(frame.get("provider", frame["region"].map(lambda _: request.provider))),
        hardware=request.renamed(frame["hardware"]),
        region=request.renamed(frame["region"]),
    )
    frame = frame[(frame["hardware"] != "") & (frame["count"] > 0) & frame["price"].notna()]
    rows = Rows(not_read=source.unread)
    places = {
        each.region for name in ("demand", "fleet", "leases", "contracts", "on_demand") for each in dataset.rows(name)
    }
    places |= {each.capacity_region for each in dataset.rows("network")}
    for column, known in (("hardware", {each.hardware for each in dataset.rows("hardware")}), ("region", places)):
        unknown = sorted(set(frame[column]) - known - {""})
        frame = frame[frame[column].isin(known)]
        if unknown:
            rows.told.append(f"left out, not in the workbook: {column} {few(unknown)}; --map names what they are there")
    if frame.empty:
        raise WrongUsage("\n  ".join(["Nothing in the catalogue is in the workbook:", *rows.told]))
    frame = frame.assign(hourly=frame["price"] / frame["count"])
    cheapest = frame.groupby(["provider", "region", "hardware"], as_index=False)["hourly"].min()
    for each in cheapest.itertuples():
        place = {"provider": each.provider, "region": each.region, "hardware": each.hardware}
        price = {"usd_per_accelerator_hour": each.hourly}
        rows.put(OnDemand(**place, from_month=_in_force(dataset, place), **price), **price)
    if dataset.settings.currency != "USD":
        rows.told.append(f"prices are taken as they stand; the workbook is in {dataset.settings.currency}")
    return rows


def _in_force(dataset: Dataset, place: Mapping[str, str]) -> int | None:
    """From when the price holds that is in force as the horizon begins; None for always."""
    rows = dataset.rows("on_demand")
    found = [each for each in rows if all(getattr(each, name) == value for name, value in place.items())]
    starts = [each.from_month for each in found if each.from_month is None or each.from_month <= dataset.month(0)]
    return max(starts, key=lambda each: -1 if each is None else each, default=None)
