"""Runs scim2-tester against a SCIM service: python scim.py URL TOKEN."""

import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

url, token = sys.argv[1:3]
http = Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
results = check_server(SyncSCIMClient(http))
counts = Counter(result.status.name for result in results)
wrong = [result for result in results if result.status not in (Status.SUCCESS, Status.SKIPPED)]
for result in wrong:
    print(result.status.name, result.title, result.resource_type, result.reason, file=sys.stderr)
print("scim2-tester:", ", ".join(f"{count} {name.lower()}" for name, count in sorted(counts.items())))
# Searching all types of resources at once is what the gateway leaves out.
if wrong or counts["SUCCESS"] < 100 or counts["SKIPPED"] > 2:
    sys.exit("The SCIM service does not do what the standard says.")
