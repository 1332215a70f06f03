<?php
// A partner's receiver in PHP 8, with nothing but its standard library.
//
//     SYNDICATE_SECRET=whsec_… FOLDER=stories php -S 127.0.0.1:8000 receiver.php
//
// or as a page of any web server that runs PHP. Takes signed pushes of stories (ninjs), keeps the
// newest version of each as a file in FOLDER, and removes the text of what was withdrawn.
// docs/receiving.md says what it must get right.

declare(strict_types=1);

const LARGEST = 5_000_000;
const OLDEST = 300; // seconds: an older signature may be a recording

/** Whether one of our secrets signed these very bytes, not long ago. */
function is_genuine(string $body): bool
{
    $stamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($stamp) || abs(time() - (int) $stamp) > OLDEST) {
        return false;
    }
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$stamp.$body";
    $given = explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '');
    // Two secrets while one is exchanged for another.
    foreach (preg_split('/\s+/', (string) getenv('SYNDICATE_SECRET')) as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        $ours = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
        foreach ($given as $theirs) {
            if (hash_equals($ours, $theirs)) {
                return true;
            }
        }
    }
    return false;
}

/** Keep a story, unless what we have is as new. A withdrawal wins over the same version. */
function take(array $story, string $folder): void
{
    $file = $folder . '/' . hash('sha256', $story['uri']) . '.json';
    $lock = fopen("$file.lock", 'c');
    flock($lock, LOCK_EX); // two pushes of one story cannot overtake each other here
    $kept = is_file($file) ? json_decode(file_get_contents($file), true) : ['version' => '0'];
    $withdrawn = $story['pubStatus'] !== 'usable';
    [$now, $before] = [(int) $story['version'], (int) $kept['version']];
    if ($now > $before || ($now === $before && $withdrawn)) {
        if ($withdrawn) { // nothing of it stays but that it is gone, so that no older version comes back
            $story = array_intersect_key($story, array_flip(['uri', 'version', 'pubStatus']));
        }
        file_put_contents("$file.new", json_encode($story, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR));
        rename("$file.new", $file); // in one step: nobody sees half a story
    }
    fclose($lock);
}

function status(string $folder): int
{
    if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > LARGEST) {
        return 413;
    }
    $body = file_get_contents('php://input');
    if (!is_genuine($body)) {
        return 401; // tried again later: perhaps our secret is the old one
    }
    $story = json_decode($body, true);
    $whole = is_array($story) && is_string($story['uri'] ?? null) && isset($story['pubStatus'])
        && ctype_digit($story['version'] ?? '');
    if (!$whole) {
        return 422; // refused: set aside there, and shown to the editors
    }
    take($story, $folder);
    return 204; // only now: 2xx says that it is kept
}

$folder = getenv('FOLDER') ?: 'stories';
if (!is_dir($folder)) {
    mkdir($folder, 0o755, true);
}
try {
    http_response_code(status($folder));
} catch (Throwable $error) {
    error_log((string) $error);
    http_response_code(503); // the story is sent again
}
