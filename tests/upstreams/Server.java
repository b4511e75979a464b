import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files and an echo, with the server that Java brings along. */
class Server {
    static String root;

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        root = arguments[1];
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", Server::answer);
        server.start();
    }

    static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            Path file = Path.of(root + path);
            boolean bodiless = exchange.getRequestMethod().equals("HEAD");
            if (path.equals("/echo")) {
                exchange.sendResponseHeaders(200, 0);
                exchange.getRequestBody().transferTo(exchange.getResponseBody());
            } else if (!Files.exists(file)) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                exchange.sendResponseHeaders(200, bodiless ? -1 : 0);
                if (!bodiless) {
                    Files.copy(file, exchange.getResponseBody());
                }
            }
        }
    }
}
