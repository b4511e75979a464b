"""A small Flask application, as its own documentation would write it."""
import hashlib

from flask import Flask, Response, jsonify, redirect, request, session, stream_with_context, url_for

app = Flask(__name__)
app.secret_key = "for this test only"


@app.get("/")
def hello():
    return "Hello from Flask\n"


@app.get("/count")
def count():
    session["visits"] = session.get("visits", 0) + 1
    return f"{session['visits']}\n"


@app.route("/form", methods=["GET", "POST"])
def form():
    if request.method == "POST":
        return redirect(url_for("thanks", name=request.form["name"]))
    return "<form method=post><input name=name></form>\n"


@app.get("/thanks/<name>")
def thanks(name):
    return f"Thanks, {name}\n"


@app.post("/upload")
def upload():
    file = request.files["file"]
    return f"{file.filename} {hashlib.sha256(file.read()).hexdigest()}\n"


@app.post("/raw")
def raw():
    return hashlib.sha256(request.get_data()).hexdigest() + "\n"


@app.get("/json")
def as_json():
    return jsonify(path=request.path, base=request.base_url, who=request.authorization.username)


@app.get("/stream")
def stream():
    return Response(stream_with_context(f"line {n}\n" for n in range(1000)), mimetype="text/plain")


@app.get("/fails")
def fails():
    raise RuntimeError("the view failed")
