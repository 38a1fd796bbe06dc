"""The account itself, as clients look at it to see whether they are let in."""

from fastapi import APIRouter
from starlette.responses import Response

from offhook.rest.vobiz.access import LetIn
from offhook.rest.vobiz.answers import answer
from offhook.rest.vobiz.paths import PREFIX

router = APIRouter()


@router.get("/Account/{auth_id}")
def show(access: LetIn) -> Response:
    """The account."""
    account = access.account
    return answer(
        {
            "auth_id": account.auth_id,
            "account_type": "standard" if account.parent_sid is None else "subaccount",
            "name": account.friendly_name,
            "cash_credits": "0.00000",
            "billing_mode": "prepaid",
            "auto_recharge": False,
            "address": "",
            "city": "",
            "state": "",
            "timezone": "UTC",
            "resource_uri": f"{PREFIX}/Account/{account.auth_id}/",
        }
    )
