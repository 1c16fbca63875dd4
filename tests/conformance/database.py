"""A database of the test cluster: python database.py create | provider URL ID."""

import os
import shlex
import sys
import uuid
from urllib.parse import quote, unquote, urlsplit

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


def provider(url, identity):
    parts = urlsplit(url)
    options = {"host": unquote(parts.netloc.rsplit("@", 1)[1].rsplit(":", 1)[0]), "port": parts.port or 5432}
    options |= {"user": unquote(parts.username), "password": unquote(parts.password or "")}
    connection = connect(options, parts.path.lstrip("/"))
    connection.run(
        "insert into identity_providers (id, name, kind) values (:id, 'conformance', 'scim')", id=identity
    )


{"create": create, "provider": provider}[sys.argv[1]](*sys.argv[2:])
