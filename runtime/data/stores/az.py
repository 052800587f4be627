"""Azure Blob Storage: the account and its key, a signature (SAS), or who Azure's own tools say is asking."""

from __future__ import annotations

from typing import Any

from ...errors import Mistake, Problem
from . import patience, split, variable


class Az:
    """az://container/key. AZURE_STORAGE_ENDPOINT names another cloud than the public one, or an emulator."""

    variables: tuple[str, ...] = ("AZURE_",)
    credentials = (
        "Set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, or AZURE_CLIENT_ID, AZURE_TENANT_ID and "
        "AZURE_CLIENT_SECRET, to who may list and read it."
    )

    def filesystem(self) -> Any:
        """With the key or the signature, else as the tools of Azure find their credentials.

        Raises Mistake when no account is named.
        """
        from pyarrow import fs

        account, known = _account(), dict[str, str]()
        if (endpoint := variable("AZURE_STORAGE_ENDPOINT")) is not None:
            protocol, host = split(endpoint)
            # a host that begins with the account is written without it, a path that is the account is added again
            host = host.removeprefix(account).removesuffix(f"/{account}")
            for service in ("blob", "dfs"):
                known |= {f"{service}_storage_authority": host, f"{service}_storage_scheme": protocol}
        key, signature = variable("AZURE_STORAGE_ACCOUNT_KEY"), variable("AZURE_STORAGE_SAS_TOKEN")
        who = {"account_key": key} if key is not None else {"sas_token": signature} if signature is not None else {}
        return fs.AzureFileSystem(account, **known, **who)

    def options(self) -> dict[str, Any]:
        """The account and the endpoint.

        Raises Mistake when no account is named.
        """
        known = {**patience(), "azure_storage_account_name": _account()}
        if (endpoint := variable("AZURE_STORAGE_ENDPOINT")) is not None:
            plain = str(split(endpoint)[0] == "http").lower()
            known |= {"azure_storage_endpoint": endpoint, "azure_allow_http": plain}
        return known

    def iceberg(self) -> dict[str, str]:
        """Nothing: pyiceberg reads tables there only by a package that does not know the endpoint of another cloud.

        Raises Mistake.
        """
        what = "Iceberg tables in Azure Blob Storage cannot be read."
        raise Mistake(
            Problem(
                what,
                ("path",),
                hint="s3://, gs:// and folders of this machine can; so can its Parquet files, by kind: parquet.",
            )
        )


def _account() -> str:
    found = variable("AZURE_STORAGE_ACCOUNT_NAME")
    if found is None:
        what = "the environment variable AZURE_STORAGE_ACCOUNT_NAME is not set."
        raise Mistake(Problem(what, ("path",), hint="It names the account that holds the container."))
    return found
