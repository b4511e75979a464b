"""A Django project of one view, with the middleware that every project has."""
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for this comparison only",
)


def hello(request):
    return HttpResponse("Hello from Python\n")


urlpatterns = [path("", hello)]
app = get_wsgi_application()
