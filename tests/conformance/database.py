"""Makes a database in the test cluster and prints its URL."""

import os
import shlex
import uuid
from urllib.parse import quote

import pg8000.native


def cluster():
    pairs = (part.split("=", 1) for part in shlex.split(os.environ["CCAG_TEST_DATABASE_URL"]))
    return dict(pairs)


def connect(options, database):
    host = options.get("host", "127.0.0.1")
    place = {"host": host, "port": int(options.get("port", 5432))}
    if host.startswith("/"):
        place = {"unix_sock": f"{host}/.s.PGSQL.{options.get('port', 5432)}"}
    return pg8000.native.Connection(
        options["user"], password=options.get("password"), database=database, **place
    )


def create():
    options, name = cluster(), f"conformance_{uuid.uuid4().hex}"
    connect(options, options.get("dbname", "postgres")).run(f"create database {name}")
    text = lambda key: quote(options.get(key, ""), safe="")
    print(f"postgres://{text('user')}:{text('password')}@{text('host')}:{options.get('port', 5432)}/{name}")


create()
