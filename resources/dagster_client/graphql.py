"""A running Dagster webserver, asked by GraphQL. Plain HTTP: Dagster's own client would load Dagster into the API."""

import json
import urllib.error
import urllib.request
from typing import Any

from resources.errors import ServiceUnavailable

LOCATION = "rage"
REPOSITORY = "__repository__"
JOB = "ingest"
PARTITIONS = "space"

_ADD_PARTITION = """
mutation ($repository: RepositorySelector!, $partitions: String!, $key: String!) {
  addDynamicPartition(repositorySelector: $repository, partitionsDefName: $partitions, partitionKey: $key) {
    __typename ... on PythonError { message } ... on UnauthorizedError { message }
  }
}
"""
_LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  }
}
"""
_FIND = """
query ($tags: [ExecutionTag!]!) {
  runsOrError(filter: {tags: $tags}, limit: 1) { __typename ... on Runs { results { runId } } }
}
"""


class DagsterRefused(ServiceUnavailable):
    """Dagster answers, and will not do it: its code is missing or broken. Asking again does not help."""

    code = "dagster_refused"


class DagsterGraphQL:
    """One webserver.

    Args:
        url: Its base URL.
        timeout_s: The most seconds that one request may take.
    """

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/") + "/graphql"
        self._timeout_s = timeout_s

    def add_partition(self, space: str) -> None:
        """Makes a space a partition; one that is known stays.

        Raises:
            ServiceUnavailable: The webserver does not answer.
            DagsterRefused: It answers with an error.
        """
        repository = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
        answer = self._ask(
            _ADD_PARTITION, {"repository": repository, "partitions": PARTITIONS, "key": space}, "addDynamicPartition"
        )
        if answer["__typename"] not in {"AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"}:
            raise _refused(answer)

    def launch(self, tags: dict[str, str]) -> str:
        """Launches the ingest job with `tags`; returns the run's id.

        Raises:
            ServiceUnavailable: The webserver does not answer.
            DagsterRefused: It answers with an error.
        """
        selector = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION, "jobName": JOB}
        params = {
            "selector": selector,
            "mode": "default",
            "runConfigData": {},
            "executionMetadata": {"tags": _pairs(tags)},
        }
        answer = self._ask(_LAUNCH, {"params": params}, "launchRun")
        if answer["__typename"] != "LaunchRunSuccess":
            raise _refused(answer)
        return str(answer["run"]["runId"])

    def find_run(self, tags: dict[str, str]) -> str | None:
        """The id of a run that carries `tags`, None where there is none.

        Raises:
            ServiceUnavailable: The webserver does not answer.
        """
        answer = self._ask(_FIND, {"tags": _pairs(tags)}, "runsOrError")
        results = answer.get("results") or []
        return str(results[0]["runId"]) if results else None

    def _ask(self, query: str, variables: dict[str, Any], field: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 -- the URL is a setting of the operator
            self._url,
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:  # noqa: S310
                body = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DagsterRefused(f"Dagster at {self._url} refused the request with status {error.code}.") from error
            raise self._silent(error) from error
        except (OSError, ValueError) as error:
            raise self._silent(error) from error
        if not body.get("data") or field not in body["data"]:
            raise DagsterRefused(f"Dagster at {self._url} did not understand the request for {field}.")
        answer: dict[str, Any] = body["data"][field]
        return answer

    def _silent(self, error: Exception) -> ServiceUnavailable:
        return ServiceUnavailable(
            f"Dagster at {self._url} does not answer: {error}.", hint="Check RAGE_DAGSTER_URL and that it runs."
        )


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _refused(answer: dict[str, Any]) -> DagsterRefused:
    message = str(answer.get("message") or answer["__typename"])
    return DagsterRefused(f"Dagster will not start the run: {message.splitlines()[0][:300]}.")
