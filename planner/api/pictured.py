"""The figures of a plan, and its page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from models.faults import closest
from planner.api.frames import Tables
from planner.errors import WrongUsage
from planner.files.atomic import write_durably


class Pictured(Tables):
    """Tables of a plan that are looked at, too."""

    def plot(self, name: str = "capacity", *, scenario: str | None = None) -> Any:
        """An interactive figure of the plan, as on the page of `planner report`; needs the extra html.

        Parameters
        ----------
        name
            capacity, power, cash, providers, account, lock_in, timeline, service or scenarios; of a plan tried on
            samples also samples and failures.
        scenario
            Of a plan for scenarios the one that is shown; without it what is expected over them.

        Returns
        -------
        plotly.graph_objects.Figure
            A notebook shows it; `figure.show()` opens a browser.

        Raises
        ------
        MissingLibrary
            plotly is not installed.
        NoPlan
            There is no plan.
        WrongUsage
            The plan has no such figure or scenario.

        Examples
        --------
        >>> import planner
        >>> planner.solve("inputs/starter.xlsx").plot("power").layout.title.text
        'Power online and signed, MW'
        """
        from planner.reports.html.figures import figures
        from planner.reports.html.tables import frames_of_result
        from planner.reports.html.views import views

        seen = views(frames_of_result(self.sheets, self.frame))
        view = next(iter(seen)) if scenario is None else scenario
        if view not in seen:
            raise WrongUsage(f"The plan has no scenario '{view}'. {closest(view, seen)}")
        drawn = figures(seen[view])
        if name not in drawn:
            raise WrongUsage(f"The plan has no figure '{name}'; it has {', '.join(drawn)}.")
        return drawn[name]

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page of `planner report`, over a file that is there; needs the extra html.

        Parameters
        ----------
        path
            Where, such as plan.html.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        CannotWrite
            Nothing can be written there.
        MissingLibrary
            plotly is not installed.
        NoPlan
            There is no plan.
        """
        from planner.reports.html.page import page
        from planner.reports.html.tables import frames_of_result

        write_durably(Path(path), page(frames_of_result(self.sheets, self.frame)))
        return Path(path)
