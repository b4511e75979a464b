"""A small Django project in one file: sessions, forms with CSRF tokens, uploads, static files."""
import hashlib
import pathlib

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve

HERE = pathlib.Path(__file__).parent

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=10_000_000,
    DEBUG=False,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for this test only",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)


def hello(request):
    return HttpResponse("Hello from Django\n")


def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(f"{request.session['visits']}\n")


def form(request):
    if request.method == "POST":
        return redirect("thanks", name=request.POST["name"])
    return HttpResponse(f"{get_token(request)}\n")


def thanks(request, name):
    return HttpResponse(f"Thanks, {name}\n")


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256(b"".join(file.chunks())).hexdigest()
    return HttpResponse(f"{file.name} {digest}\n")


@csrf_exempt
def raw(request):
    return HttpResponse(hashlib.sha256(request.body).hexdigest() + "\n")


def stream(request):
    return StreamingHttpResponse((f"line {n}\n" for n in range(1000)), content_type="text/plain")


def download(request):
    return FileResponse(open(__file__, "rb"))


def fails(request):
    raise RuntimeError("the view failed")


urlpatterns = [
    path("", hello),
    path("count", count),
    path("form", form),
    path("thanks/<name>", thanks, name="thanks"),
    path("upload", upload),
    path("raw", raw),
    path("stream", stream),
    path("download", download),
    path("fails", fails),
    path("static/<path:path>", serve, {"document_root": HERE / "static"}),
]

django.setup()
application = get_wsgi_application()
