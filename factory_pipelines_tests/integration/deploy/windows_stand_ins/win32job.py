"""Stands in for pywin32 on machines that are not Windows: job objects, with the calls in their documented order."""

JobObjectExtendedLimitInformation = 9
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000


class Job:
    limits = 0
    detached = False

    def Detach(self) -> None:  # noqa: N802 - the name is pywin32's
        self.detached = True


def CreateJobObject(security: None, name: str) -> Job:  # noqa: N802
    return Job()


def QueryInformationJobObject(job: Job, kind: int) -> dict[str, dict[str, int]]:  # noqa: N802
    assert kind == JobObjectExtendedLimitInformation
    return {"BasicLimitInformation": {"LimitFlags": job.limits}}


def SetInformationJobObject(job: Job, kind: int, limits: dict[str, dict[str, int]]) -> None:  # noqa: N802
    job.limits = limits["BasicLimitInformation"]["LimitFlags"]


def AssignProcessToJobObject(job: Job, process: int) -> None:  # noqa: N802
    assert job.limits & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
