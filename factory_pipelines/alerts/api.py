"""Alerts over HTTP: what is going on, acknowledging it, and what became of the messages.

The application's state holds ``warehouse`` (reads), ``writer`` (changes), ``settings`` and ``clock``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from factory_pipelines.alerts import engine, ledger, receipts
from factory_pipelines.alerts.api_models import (
    Acted,
    ActedAnswer,
    Acting,
    Alert,
    AlertList,
    AlertQuestion,
    AlertsAnswer,
    DeliveriesAnswer,
    Delivery,
    DeliveryList,
    DeliveryQuestion,
    Requeued,
    RequeuedAnswer,
    Round,
    RoundAnswer,
)
from factory_pipelines.warehouse.pool import Warehouse

router = APIRouter(prefix="/api/rtms/alerts", tags=["alerts"])

# A caller waits for these; the sensor's runs take more.
_MESSAGES_A_CALL = 20

_Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
_REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such alert."},
    409: {"description": "The alert is resolved already."},
}


def get_warehouse(request: Request) -> Warehouse:
    """Where it is read."""
    warehouse: Warehouse = request.app.state.warehouse
    return warehouse


def get_writer(request: Request) -> Warehouse:
    """Where it is changed."""
    warehouse: Warehouse = request.app.state.writer
    return warehouse


_Reads = Annotated[Warehouse, Depends(get_warehouse)]
_Writes = Annotated[Warehouse, Depends(get_writer)]


@router.get("", summary="Current alerts")
def list_alerts(warehouse: _Reads, asked: Annotated[AlertQuestion, Query()]) -> AlertsAnswer:
    """Open and acknowledged alerts, unless other statuses are asked for; the newest first."""
    alerts = [Alert.model_validate(row) for row in ledger.list_alerts(warehouse, asked.filter())]
    return AlertsAnswer(data=AlertList(alert_count=len(alerts), alerts=alerts))


@router.post("/{alert_id}/acknowledge", summary="I have seen it", responses=_REFUSALS)
def acknowledge(request: Request, warehouse: _Writes, alert_id: _Id, acting: Acting | None = None) -> ActedAnswer:
    """The alert sends nothing more and is not escalated; it stays until the breach is over."""
    return _act(engine.acknowledge, request, warehouse, alert_id, acting)


@router.post("/{alert_id}/resolve", summary="It is over", responses=_REFUSALS)
def resolve(request: Request, warehouse: _Writes, alert_id: _Id, acting: Acting | None = None) -> ActedAnswer:
    """Ends the alert by hand; a breach that goes on becomes a new one when it is sustained again."""
    return _act(engine.resolve, request, warehouse, alert_id, acting)


@router.get("/deliveries", summary="Messages, dead letters, doubtful sends")
def list_deliveries(warehouse: _Reads, asked: Annotated[DeliveryQuestion, Query()]) -> DeliveriesAnswer:
    """What was said to whom and what became of it; of a phone number only its end."""
    rows = ledger.list_deliveries(warehouse, statuses=asked.status, doubtful_only=asked.doubtful, limit=asked.limit)
    deliveries = [Delivery.model_validate(row) for row in rows]
    return DeliveriesAnswer(data=DeliveryList(delivery_count=len(deliveries), deliveries=deliveries))


@router.post(
    "/deliveries/{delivery_id}/requeue",
    summary="Send a dead letter again",
    responses={404: {"description": "There is no such message."}, 409: {"description": "It is no dead letter."}},
)
def requeue(request: Request, warehouse: _Writes, delivery_id: _Id, acting: Acting | None = None) -> RequeuedAnswer:
    """Gives a message that was given up another full set of attempts."""
    try:
        receipts.requeue(warehouse, delivery_id, _actor(request, acting), request.app.state.clock())
    except receipts.DeliveryUnknownError as error:
        raise _refusal(404, "delivery_unknown", error) from error
    except receipts.DeliveryNotDeadError as error:
        raise _refusal(409, "delivery_not_dead", error) from error
    return RequeuedAnswer(data=Requeued(delivery_id=delivery_id))


@router.post("/deliver", summary="Deliver what is due now")
def deliver(request: Request, warehouse: _Writes) -> RoundAnswer:
    """What the Dagster sensor asks a run for, by the same code, for a few messages at a time."""
    from factory_pipelines.alerts.channels import build_channels
    from factory_pipelines.alerts.rounds import run_round

    app = request.app.state
    done = run_round(warehouse, build_channels(app.settings), app.settings, now=app.clock, limit=_MESSAGES_A_CALL)
    return RoundAnswer(
        data=Round(
            opened=done.decided.opened,
            escalated=done.decided.escalated,
            sent=done.delivered.sent,
            found=done.delivered.found,
            retried=done.delivered.retried,
            dead=done.delivered.dead,
            doubtful=done.delivered.doubtful,
            delivered=done.receipts.delivered,
        )
    )


def _act(
    action: Callable[[Warehouse, int, str, datetime], engine.AlertState],
    request: Request,
    warehouse: Warehouse,
    alert_id: int,
    acting: Acting | None,
) -> ActedAnswer:
    try:
        state = action(warehouse, alert_id, _actor(request, acting), request.app.state.clock())
    except engine.AlertUnknownError as error:
        raise _refusal(404, "alert_unknown", error) from error
    except engine.AlertOverError as error:
        raise _refusal(409, "alert_over", error) from error
    return ActedAnswer(data=Acted(alert_id=state.alert_id, status=state.status, changed=state.changed))


def _actor(request: Request, acting: Acting | None) -> str:
    """Who acts: as given, else the name of the API key."""
    if acting is not None and acting.by is not None:
        return acting.by
    return getattr(request.state, "key_name", None) or "api"


def _refusal(status: int, code: str, error: Exception) -> HTTPException:
    return HTTPException(status, detail={"code": code, "detail": str(error)})
