"""A page as long as it is asked for, that tells who has asked: `/?LENGTH&WHO`."""


def application(environ, start):
    length, who = environ["QUERY_STRING"].split("&")
    start("200 OK", [("Content-Type", "text/plain")])
    return [(who * (int(length) // len(who) + 1))[:int(length)].encode()]
