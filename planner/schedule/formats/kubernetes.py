"""A Kubernetes CronJob."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from planner.errors import WrongUsage
from planner.schedule.schedule import (
    FINAL,
    SKIPPED,
    Schedule,
    ScheduleFiles,
    check_portable_days,
    comment,
    numeric_weekdays,
)

MOUNT = "/work"


def kubernetes(schedule: Schedule) -> ScheduleFiles:
    """The manifest; workbooks and plans are on a claimed volume, which is the working folder.

    Raises
    ------
    WrongUsage
        There is no image, a path lies outside the volume, or days that Kubernetes reads otherwise.
    """
    check_portable_days(schedule, "Kubernetes")
    if not schedule.image:
        raise WrongUsage("A CronJob needs a container image that has the planner: give --image REGISTRY/NAME:TAG.")
    for path in (schedule.jobs, schedule.into):
        pure = PurePosixPath(path)
        if (pure.is_absolute() and not pure.is_relative_to(MOUNT)) or ".." in pure.parts:
            raise WrongUsage(f"'{path}' is not on the volume of the pod. Give it as seen from {MOUNT}, such as weekly.")
    claim = schedule.claim or schedule.name
    never_again = ", ".join(str(code) for code in sorted((*FINAL, SKIPPED)))
    text = comment(schedule.heading) + _MANIFEST.format(
        name=schedule.name,
        cron=json.dumps(numeric_weekdays(schedule)),
        zone=json.dumps(schedule.zone or "Etc/UTC"),
        never_again=never_again,
        end=schedule.end_seconds,
        image=json.dumps(schedule.image),
        arguments=json.dumps(list(schedule.batch), ensure_ascii=False),
        mount=MOUNT,
        claim=json.dumps(claim),
    )
    name = f"{schedule.name}.cronjob.yaml"
    install = (f"kubectl apply -f {name}", f"kubectl create job --from=cronjob/{schedule.name} try-it    (a first run)")
    notes = (
        f"The claim {claim} must be there; it holds the workbooks and takes the plans.",
        "Memory and CPU of the container are a guess: set them to what `planner batch` reports as peak.",
    )
    return ScheduleFiles({name: text}, install, notes)


_MANIFEST = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: planner
    app.kubernetes.io/component: batch
spec:
  schedule: {cron}
  timeZone: {zone}
  # A batch that still runs is not started twice.
  concurrencyPolicy: Forbid
  # A start missed for longer is left out.
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      # The planner ends its jobs at their budgets; this is for the case that it cannot.
      activeDeadlineSeconds: {end}
      backoffLimit: 2
      ttlSecondsAfterFinished: 604800
      podFailurePolicy:
        rules:
          # What a new try would only repeat: faulty input, no plan exists, jobs failed for good, another batch at work.
          - action: FailJob
            onExitCodes:
              containerName: planner
              operator: In
              values: [{never_again}]
          # A drained node is no fault of the batch; the next pod goes on where this one stopped.
          - action: Ignore
            onPodConditions:
              - type: DisruptionTarget
                status: "True"
      template:
        metadata:
          labels:
            app.kubernetes.io/name: planner
            app.kubernetes.io/component: batch
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 120
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 1000
            runAsGroup: 1000
            fsGroup: 1000
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: planner
              image: {image}
              command: ["planner"]
              args: {arguments}
              workingDir: {mount}
              resources:
                requests:
                  cpu: "2"
                  memory: 2Gi
                limits:
                  memory: 4Gi
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: work
                  mountPath: {mount}
                - name: tmp
                  mountPath: /tmp
          volumes:
            - name: work
              persistentVolumeClaim:
                claimName: {claim}
            - name: tmp
              emptyDir: {{}}
"""
