"""A real WordPress on loopback, for tests: PHP's own server and a MariaDB of its own.

Everything lies in one folder that goes away with it; only processes that were
started here are ended. Needs the Debian packages wordpress, mariadb-server,
php-cli, php-mysql and php-gd, or the same from elsewhere (``WORDPRESS`` names the folder
of WordPress' files). ``missing()`` says in a word what is not there.

By hand: ``PYTHONPATH=tests python tests/wordpress/rig.py`` starts one and says where it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ports import free_port

OURS = Path(__file__).parents[2] / "deploy/wordpress"
FILES = Path(os.environ.get("WORDPRESS", "/usr/share/wordpress"))
ADMIN = "editor-in-chief"
_WANTED = ("mysqli", "json", "gd")
_CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:{socket}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'WP_ENVIRONMENT_TYPE', 'local' );
define( 'DISABLE_WP_CRON', true );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1' );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'WP_DEBUG', false );
{keys}
{extra}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {{
	define( 'ABSPATH', __DIR__ . '/' );
}}
require_once ABSPATH . 'wp-settings.php';
"""
_KEYS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT",
         "LOGGED_IN_SALT", "NONCE_SALT")  # fmt: skip
_ROUTER = """<?php
$path = parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH );
if ( '/' !== $path && is_file( __DIR__ . $path ) ) {
	return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = __DIR__ . '/index.php';
chdir( __DIR__ );
require __DIR__ . '/index.php';
"""
_THEME = {
    "style.css": "/* Theme Name: Plain */",
    "index.php": "<!doctype html><html><head><title>Site</title><?php wp_head(); ?></head><body><?php "
    "while ( have_posts() ) { the_post(); the_title( '<h1>', '</h1>' ); the_content(); } ?></body></html>",
}


def missing() -> str | None:
    """What of a WordPress is not here, in a word for people; ``None``: it can be started."""
    for program in ("php", "mariadbd", "mariadb-install-db"):
        if _found(program) is None:
            return f"{program} is not installed"
    if not (FILES / "wp-includes/rest-api").is_dir():
        return f"WordPress is not installed (looked in {FILES})"
    done = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False, timeout=120)
    lacking = [name for name in _WANTED if name not in done.stdout.lower().split()]
    return f"PHP lacks {', '.join(lacking)}" if lacking else None


def _found(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


class WordPress:
    """One site. ``plain``: with plain permalinks. ``extra``: PHP for its wp-config.php."""

    def __init__(self, *, plain: bool = False, timezone: str = "Asia/Kabul", extra: str = "") -> None:
        self._plain = plain
        self._timezone = timezone
        self._extra = extra
        self._started: list[subprocess.Popen[bytes]] = []
        # A socket's path has at most 107 characters, and a test's own folder may have more.
        self.folder = Path(tempfile.mkdtemp(prefix="wp-"))
        self.root = self.folder / "site"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        try:
            self._lay_out()
            self._start_database()
            self._install()
            self._serve()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was started, by its own handle, and take the folder away."""
        for process in reversed(self._started):
            # Its whole group: PHP's server leaves its workers behind when it is ended alone.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(60)
        self._started.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- starting --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        shutil.copytree(FILES, self.root, ignore_dangling_symlinks=True, ignore=_left_out)
        content = self.root / "wp-content"
        for name in ("plugins", "mu-plugins", "uploads", "themes/plain"):
            (content / name).mkdir(parents=True, exist_ok=True)
        for name, text in _THEME.items():
            (content / "themes/plain" / name).write_text(text, encoding="utf-8")
        keys = "\n".join(f"define( '{key}', '{key.lower()}-of-a-test' );" for key in _KEYS)
        config = _CONFIG.format(socket=self._socket, keys=keys, extra=self._extra)
        (self.root / "wp-config.php").write_text(config, encoding="utf-8")
        (self.root / "router.php").write_text(_ROUTER, encoding="utf-8")

    @property
    def _socket(self) -> Path:
        return self.folder / "db.sock"

    def _start_database(self) -> None:
        data = self.folder / "db"
        me = ["--user=root"] if os.geteuid() == 0 else []
        install = _found("mariadb-install-db")
        assert install is not None
        subprocess.run(
            [install, "--no-defaults", f"--datadir={data}", "--skip-test-db", *me],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        server = _found("mariadbd")
        assert server is not None
        self._start(
            [server, "--no-defaults", f"--datadir={data}", f"--socket={self._socket}", "--skip-networking",
             f"--pid-file={self.folder / 'db.pid'}", "--skip-grant-tables", "--skip-name-resolve",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
             "--innodb-log-file-size=16M", "--performance-schema=OFF", *me],
            "database.log",
        )  # fmt: skip
        _until(self._has_database, 120, "the database did not start", self.log("database.log"))

    def _has_database(self) -> bool:
        code = (
            "mysqli_report(0); $c=mysqli_init(); "
            f"if(!@$c->real_connect('localhost','root','',null,0,'{self._socket}')) exit(1); "
            "exit($c->query('CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4')?0:1);"
        )
        done = subprocess.run(["php", "-r", code], capture_output=True, check=False, timeout=120)
        return done.returncode == 0

    def _install(self) -> None:
        structure = "" if self._plain else "/%category%/%postname%/"
        self.php(
            f"""
            require_once ABSPATH . 'wp-admin/includes/upgrade.php';
            wp_install( 'A Site', '{ADMIN}', 'admin@example.org', true, '', 'not-a-secret' );
            update_option( 'siteurl', '{self.url[:-1]}' );
            update_option( 'home', '{self.url[:-1]}' );
            update_option( 'timezone_string', '{self._timezone}' );
            update_option( 'permalink_structure', '{structure}' );
            foreach ( get_posts( array( 'post_type' => 'any', 'numberposts' => -1 ) ) as $post ) {{
                wp_delete_post( $post->ID, true );
            }}
            switch_theme( 'plain' );
            flush_rewrite_rules();
            """,
            installing=True,
        )

    def _serve(self) -> None:
        self._start(
            ["php", "-d", "log_errors=1", "-S", f"127.0.0.1:{self.port}", "-t", str(self.root),
             str(self.root / "router.php")],
            "server.log",
            {"PHP_CLI_SERVER_WORKERS": "3"},
        )  # fmt: skip
        _until(self._answers, 120, "WordPress does not answer", self.log("server.log"))

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}?rest_route=/", timeout=10) as answer:
                return "wp/v2" in json.load(answer)["namespaces"]
        except (OSError, ValueError):
            return False

    def _start(self, command: list[str], log: str, more: dict[str, str] | None = None) -> None:
        with (self.folder / log).open("wb") as out:
            self._started.append(
                subprocess.Popen(
                    command,
                    start_new_session=True,
                    stdout=out,
                    stderr=out,
                    env={**os.environ, **(more or {})},
                )
            )

    # -- using it --------------------------------------------------------------------------

    def log(self, name: str) -> Callable[[], str]:
        """What a part of it logged, when asked."""
        return lambda: (self.folder / name).read_text("utf-8", "replace")[-3000:]

    def php(self, code: str, *, installing: bool = False, **known: Any) -> Any:
        """Run PHP inside WordPress; ``known`` are its variables. Returns what it ``return``s, as JSON."""
        begin = "define( 'WP_INSTALLING', true );" if installing else ""
        host = f"$_SERVER['HTTP_HOST'] = '127.0.0.1:{self.port}'; $_SERVER['SERVER_NAME'] = '127.0.0.1';"
        script = f"""<?php {begin} {host}
        $_SERVER['REQUEST_METHOD'] = 'GET'; $_SERVER['REQUEST_URI'] = '/';
        require '{self.root}/wp-load.php';
        if ( ! defined( 'WP_INSTALLING' ) ) {{ wp_set_current_user( 1 ); }}
        require_once ABSPATH . 'wp-admin/includes/image.php';
        $told = ( static function ( array $known ) {{ extract( $known ); {code} }} )(
            json_decode( stream_get_contents( STDIN ), true ) );
        echo "\\n=====", json_encode( $told );
        """
        file = self.folder / f"run-{time.monotonic_ns()}.php"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            ["php", "-d", "display_errors=stderr", str(file)],
            input=json.dumps(known).encode(), capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        file.unlink()
        out = done.stdout.decode("utf-8", "replace").rpartition("=====")
        if done.returncode != 0 or not out[1]:
            raise RuntimeError(f"PHP failed: {done.stderr.decode()[-2000:]} {out[2][-2000:]}")
        return json.loads(out[2])

    def post(self, title: str, content: str, **more: Any) -> int:
        """A post, published unless ``post_status`` says otherwise; ``categories`` by name, ``tags``."""
        if "post_date_gmt" in more:
            more["edit_date"] = True  # WordPress takes a draft's date for none unless it is told
        fields = {"post_title": title, "post_content": content, "post_status": "publish", "post_author": 1}
        code = """
            $ids = array_map( 'wp_create_category', $categories );
            $post = array_merge( $fields, array( 'post_category' => $ids, 'tags_input' => $tags ) );
            // As in the editor: a draft first, so that its guid is ?p=N; what is scheduled goes out by cron.
            $id = wp_insert_post( wp_slash( array_merge( $post, array( 'post_status' => 'draft' ) ) ), true );
            if ( ! is_wp_error( $id ) && 'draft' !== $fields['post_status'] ) {
                $id = wp_update_post( wp_slash( array_merge( array( 'ID' => $id ), $post ) ), true );
            }
            if ( is_wp_error( $id ) ) { throw new Exception( $id->get_error_message() ); }
            return $id;
        """
        categories, tags = more.pop("categories", []), more.pop("tags", [])
        code = "require_once ABSPATH . 'wp-admin/includes/taxonomy.php';" + code
        made: int = self.php(code, fields={**fields, **more}, categories=categories, tags=tags)
        return made

    def edit(self, number: int, **fields: Any) -> None:
        """Change a post, as an editor does."""
        self.php("wp_update_post( wp_slash( $fields ) );", fields={"ID": number, **fields})

    def trash(self, number: int) -> None:
        self.php("wp_trash_post( $number );", number=number)

    def untrash(self, number: int) -> None:
        self.php("wp_untrash_post( $number ); wp_publish_post( $number );", number=number)

    def delete(self, number: int) -> None:
        """For good."""
        self.php("wp_delete_post( $number, true );", number=number)

    def picture(self, number: int, caption: str, *, alt: str = "", credit: str = "") -> None:
        """A featured picture of 1,200 by 800 pixels, with the sizes that WordPress makes of it."""
        self.php(
            """
            $folder = wp_upload_dir();
            $file = $folder['path'] . "/picture-$number.png";
            imagepng( imagecreatetruecolor( 1200, 800 ), $file );
            $id = wp_insert_attachment( array( 'post_mime_type' => 'image/png', 'post_title' => "picture-$number",
                'post_excerpt' => $caption, 'post_status' => 'inherit' ), $file, $number );
            $meta = wp_generate_attachment_metadata( $id, $file );
            $meta['image_meta']['credit'] = $credit;
            wp_update_attachment_metadata( $id, $meta );
            update_post_meta( $id, '_wp_attachment_image_alt', $alt );
            set_post_thumbnail( $number, $id );
            """,
            number=number,
            caption=caption,
            alt=alt,
            credit=credit,
        )

    def application_password(self) -> str:
        """A new one of the administrator's."""
        made: str = self.php(
            "return WP_Application_Passwords::create_new_application_password( 1, "
            "array( 'name' => uniqid( 'syndicate-' ) ) )[0];"
        )
        return made

    @contextlib.contextmanager
    def mu_plugins(self, files: Mapping[str, str]) -> Iterator[None]:
        """Plugins that cannot be switched off, by file name, for the length of a block."""
        folder = self.root / "wp-content/mu-plugins"
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            for name in files:
                (folder / name).unlink()

    def plugin(self, name: str, php: str = "", **constants: str) -> contextlib.AbstractContextManager[None]:
        """A plugin of ``deploy/wordpress`` for the length of a block, with what a site says in its wp-config.php."""
        says = "".join(f"define( '{key}', '{value}' );" for key, value in constants.items())
        ours = (OURS / f"{name}.php").read_text(encoding="utf-8")
        return self.mu_plugins({"a-settings.php": f"<?php {says} {php}", f"{name}.php": ours})

    def run_cron_now(self, hook: str) -> None:
        """What its own cron would do for a hook some time, now."""
        self.php(
            """
            foreach ( _get_cron_array() as $time => $hooks ) {
                foreach ( $hooks[ $hook ] ?? array() as $job ) {
                    wp_unschedule_event( $time, $hook, $job['args'] );
                    do_action_ref_array( $hook, $job['args'] );
                }
            }
            """,
            hook=hook,
        )

    def clear(self) -> None:
        """No posts, not even in the trash, and nothing that a plugin of ours remembers."""
        self.php(
            "global $wpdb; $wpdb->query( \"DELETE FROM $wpdb->options WHERE option_name LIKE 'syndicate%'\" );"
            "foreach ( get_posts( array( 'post_type' => 'any', 'post_status' => array_keys( get_post_stati() ),"
            " 'numberposts' => -1, 'fields' => 'ids' ) ) as $id ) { wp_delete_post( $id, true ); }"
        )

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            body: bytes = answer.read()
            return body


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Neither Debian's configuration, nor what no test looks at."""
    heavy = {"node_modules"} | ({"wp-config.php"} if Path(folder) == FILES else set())
    return {name for name in names if name in heavy}


def _until(done: Callable[[], bool], seconds: float, words: str, why: Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"{words}: {why()}")
        time.sleep(0.1)


if __name__ == "__main__":
    lacking = missing()
    if lacking:
        raise SystemExit(lacking)
    with WordPress() as site:
        print(f"{site.url} (user {ADMIN}); end it with Ctrl-C", flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
