"""The way guides show it: rank 0 scatters blocks of URLs, every rank requests its own, rank 0 gathers the results.

guide_fetch.py URLS RECORDS
"""
import json
import sys
import time

import requests
from mpi4py import MPI

comm = MPI.COMM_WORLD
blocks = None
if comm.rank == 0:
    with open(sys.argv[1]) as file:
        urls = file.read().split()
    blocks = [urls[rank :: comm.size] for rank in range(comm.size)]

records = []
with requests.Session() as session:
    for url in comm.scatter(blocks):
        begun = time.monotonic()
        try:
            answer = session.get(url, timeout=30)
            records.append({"url": url, "status": answer.status_code, "bytes": len(answer.content)})
        except requests.RequestException as error:
            records.append({"url": url, "status": None, "error": str(error)})
        records[-1]["seconds"] = time.monotonic() - begun

gathered = comm.gather(records)
if comm.rank == 0:
    with open(sys.argv[2], "w") as file:
        file.writelines(json.dumps(record) + "\n" for part in gathered for record in part)
