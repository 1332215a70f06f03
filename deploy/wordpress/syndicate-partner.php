<?php
/**
 * Plugin Name: Syndicate Partner
 * Description: Fetches a publisher's stories from its journal, with credit and pictures; corrects and removes them as it says.
 * Version: 1.0
 * Requires at least: 5.9
 * Requires PHP: 7.4
 *
 * Put this file into wp-content/mu-plugins/ and say in wp-config.php whose stories, and with which token:
 *
 *   define( 'SYNDICATE_JOURNAL', 'https://feeds.example.org/partner/v1/gazette/' );
 *   define( 'SYNDICATE_TOKEN', '…' );
 *   define( 'SYNDICATE_STATUS', 'draft' );     // optional: what a new story becomes; 'publish' shows it at once
 *   define( 'SYNDICATE_AUTHOR', 1 );           // optional: the number of the user whose posts they are
 *
 * WordPress' own cron asks every minute (a quiet site: let the system's cron call wp-cron.php).
 * A story that an editor put into the bin, or deleted, does not come back.
 */

namespace Syndicate\Partner;

defined( 'ABSPATH' ) || exit;

const URI      = '_syndicate_uri';
const VERSION  = '_syndicate_version'; // "epoch version": numbers of two epochs say nothing about one another.
const ORIGINAL = '_syndicate_canonical';
const PICTURE  = '_syndicate_picture';
const CURSOR   = 'syndicate_partner_cursor';
const LOCK     = 'syndicate_partner_lock';
const CRON     = 'syndicate_partner';
const SECONDS  = 20; // Of one run; the next goes on from there.
const STALE    = 300; // Seconds after which a run that says nothing is taken for dead.

function is_on(): bool {
	return defined( 'SYNDICATE_JOURNAL' ) && defined( 'SYNDICATE_TOKEN' ) && SYNDICATE_JOURNAL && SYNDICATE_TOKEN;
}

add_filter( 'cron_schedules', __NAMESPACE__ . '\schedules' );
function schedules( array $known ): array {
	return $known + array(
		'syndicate_minute' => array(
			'interval' => 60,
			'display'  => 'Every minute',
		),
	);
}

add_action( 'init', __NAMESPACE__ . '\plan' );
function plan(): void {
	if ( is_on() && ! wp_next_scheduled( CRON ) ) {
		wp_schedule_event( time(), 'syndicate_minute', CRON );
	}
}

add_action( CRON, __NAMESPACE__ . '\fetch' );

/** All that is new, page by page; two runs never overlap. */
function fetch(): void {
	if ( ! is_on() || ! lock() ) {
		return;
	}
	try {
		$until = time() + SECONDS;
		do {
			$more = page();
		} while ( $more && time() < $until );
	} finally {
		delete_option( LOCK );
	}
}

function lock(): bool {
	global $wpdb;
	if ( add_option( LOCK, time(), '', false ) ) {
		return true;
	}
	$since = (int) get_option( LOCK );
	if ( time() - $since < STALE ) {
		return false;
	}
	// One of those who find it stale takes it over: the row changes for one of them only.
	$took = $wpdb->update( $wpdb->options, array( 'option_value' => time() ), array( 'option_name' => LOCK, 'option_value' => $since ) );
	wp_cache_delete( LOCK, 'options' );
	return 1 === $took;
}

/** One page: every story is applied, then the cursor is kept. Returns whether there is more. */
function page(): bool {
	$query  = array( 'limit' => 25 );
	$cursor = (string) get_option( CURSOR, '' );
	if ( '' !== $cursor ) {
		$query['after'] = rawurlencode( $cursor );
	}
	list( $code, $told ) = ask( 'GET', add_query_arg( $query, 'journal' ) );
	if ( 410 === $code && isset( $told['next'] ) ) {
		update_option( CURSOR, $told['next'], false ); // The publisher restored a backup: everything comes once more.
		return true;
	}
	if ( 200 !== $code || ! isset( $told['stories'], $told['next'] ) ) {
		$why = is_array( $told ) && isset( $told['message'] ) ? $told['message'] : 'no answer of a journal';
		error_log( "syndicate-partner: status $code: $why" );
		return false;
	}
	$epoch = strtok( $told['next'], '.' );
	foreach ( $told['stories'] as $story ) {
		if ( ! apply( $story, $epoch ) ) {
			return false; // It comes again with the next run: no story is passed over.
		}
	}
	update_option( CURSOR, $told['next'], false );
	return ! empty( $told['more'] );
}

/** [status, what the JSON says]; status 0 where nobody answers. */
function ask( string $method, string $path, ?array $body = null ): array {
	$sent   = array(
		'method'      => $method,
		'timeout'     => 20,
		'redirection' => 0, // The token is for one host.
		'headers'     => array(
			'Authorization' => 'Bearer ' . SYNDICATE_TOKEN,
			'Accept'        => 'application/json',
			'Content-Type'  => 'application/json',
		),
	);
	$answer = wp_remote_request( trailingslashit( SYNDICATE_JOURNAL ) . $path, $body ? $sent + array( 'body' => wp_json_encode( $body ) ) : $sent );
	if ( is_wp_error( $answer ) ) {
		return array( 0, array( 'message' => $answer->get_error_message() ) );
	}
	return array( (int) wp_remote_retrieve_response_code( $answer ), json_decode( wp_remote_retrieve_body( $answer ), true ) );
}

/** Keep the story, or take it down; never an older version over a newer one. */
function apply( array $story, string $epoch ): bool {
	$post = known( $story['uri'] );
	if ( $post ) {
		list( $then, $version ) = explode( ' ', get_post_meta( $post->ID, VERSION, true ) . ' ' );
		if ( $then === $epoch && (int) $version > (int) $story['version'] ) {
			return true;
		}
	}
	if ( 'usable' !== $story['pubStatus'] ) {
		return withdraw( $story, $post, $epoch );
	}
	return keep( $story, $post, $epoch );
}

/** The story's post, whatever became of it. */
function known( string $uri ) {
	$found = get_posts(
		array(
			'post_type'        => 'post',
			'post_status'      => array( 'publish', 'draft', 'pending', 'future', 'private', 'trash' ),
			'meta_key'         => URI,
			'meta_value'       => $uri,
			'numberposts'      => 1,
			'suppress_filters' => true,
		)
	);
	return $found ? $found[0] : null;
}

function withdraw( array $story, $post, string $epoch ): bool {
	if ( $post ) {
		if ( 'trash' !== $post->post_status && ! wp_trash_post( $post->ID ) ) {
			return false;
		}
		update_post_meta( $post->ID, VERSION, "$epoch {$story['version']}" );
		update_post_meta( $post->ID, '_syndicate_withdrawn', isset( $story['edNote'] ) ? $story['edNote'] : $story['pubStatus'] );
		drop_picture( $post->ID );
		// The words must go, not only their place: the bin keeps them for a month.
		wp_update_post( wp_slash( array( 'ID' => $post->ID, 'post_content' => '', 'post_excerpt' => '' ) ) );
		foreach ( wp_get_post_revisions( $post->ID, array( 'check_enabled' => false ) ) as $revision ) {
			wp_delete_post_revision( $revision->ID );
		}
	}
	list( $code ) = ask( 'POST', 'acks', array( 'uri' => $story['uri'], 'version' => $story['version'] ) );
	return $code >= 200 && $code < 500; // Where nobody answers, it is said again with the next run.
}

function keep( array $story, $post, string $epoch ): bool {
	$withdrawn = $post && get_post_meta( $post->ID, '_syndicate_withdrawn', true );
	if ( ( $post && 'trash' === $post->post_status && ! $withdrawn ) || get_option( unwanted( $story['uri'] ) ) ) {
		return true; // An editor of this site did not want it.
	}
	$fields = fields( $story ) + ( $post && ! $withdrawn ? array( 'ID' => $post->ID ) : fresh( $story ) );
	if ( $withdrawn ) {
		add_filter( 'wp_untrash_post_status', 'wp_untrash_post_set_previous_status', 10, 3 );
		wp_untrash_post( $post->ID );
		delete_post_meta( $post->ID, '_syndicate_withdrawn' );
		$fields['ID'] = $post->ID;
	}
	$id = isset( $fields['ID'] ) ? wp_update_post( wp_slash( $fields ), true ) : wp_insert_post( wp_slash( $fields ), true );
	if ( is_wp_error( $id ) ) {
		error_log( "syndicate-partner: {$story['uri']} was not kept: " . $id->get_error_message() );
		return false;
	}
	update_post_meta( $id, URI, $story['uri'] );
	update_post_meta( $id, VERSION, "$epoch {$story['version']}" );
	update_post_meta( $id, ORIGINAL, esc_url_raw( original( $story ) ) );
	picture( $id, $story );
	return true;
}

/** Deleted for good by an editor: nothing of the post is left, so that it was unwanted is noted apart. */
add_action( 'before_delete_post', __NAMESPACE__ . '\deleted' );
function deleted( $id ): void {
	$uri = get_post_meta( $id, URI, true );
	if ( $uri && ! get_post_meta( $id, '_syndicate_withdrawn', true ) ) {
		update_option( unwanted( $uri ), time(), false );
	}
}

function unwanted( string $uri ): string {
	return 'syndicate_unwanted_' . md5( $uri );
}

/** What the publisher says. The credit stands in the text: it is shown as it is. */
function fields( array $story ): array {
	return array(
		'post_title'   => wp_strip_all_tags( said( $story, 'headlines', 'main' ) ),
		'post_content' => wp_kses_post( said( $story, 'bodies', 'main' ) ),
		'post_excerpt' => wp_strip_all_tags( said( $story, 'descriptions', 'summary' ) ),
	);
}

/** What only a new post is given: an editor may choose otherwise later. */
function fresh( array $story ): array {
	require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
	$sections = $tags = array();
	foreach ( isset( $story['subjects'] ) ? $story['subjects'] : array() as $subject ) {
		if ( 'section' === $subject['rel'] ) {
			$sections[] = wp_create_category( $subject['name'] );
		} else {
			$tags[] = $subject['name'];
		}
	}
	$date = gmdate( 'Y-m-d H:i:s', strtotime( $story['firstCreated'] ) );
	return array(
		'post_type'     => 'post',
		'post_status'   => defined( 'SYNDICATE_STATUS' ) ? SYNDICATE_STATUS : 'draft',
		'post_author'   => defined( 'SYNDICATE_AUTHOR' ) ? SYNDICATE_AUTHOR : 1,
		'post_date_gmt' => $date,
		'post_date'     => get_date_from_gmt( $date ),
		'post_category' => $sections,
		'tags_input'    => $tags,
	);
}

/** A text of the story by its role. */
function said( array $story, string $kind, string $role ): string {
	foreach ( isset( $story[ $kind ] ) ? $story[ $kind ] : array() as $text ) {
		if ( $text['role'] === $role ) {
			return $text['value'];
		}
	}
	return '';
}

/** Where the story first stood: search engines are led there. */
function original( array $story ): string {
	$found = array_column( isset( $story['altIds'] ) ? $story['altIds'] : array(), 'value', 'role' );
	foreach ( array( 'canonical', 'original', 'web' ) as $role ) {
		if ( ! empty( $found[ $role ] ) ) {
			return $found[ $role ];
		}
	}
	return '';
}

add_filter( 'get_canonical_url', __NAMESPACE__ . '\canonical', 10, 2 );
function canonical( $url, $post ) {
	$original = get_post_meta( $post->ID, ORIGINAL, true );
	return $original ? $original : $url;
}

/** The lead picture, with caption and credit; one that leaves the story leaves the site. */
function picture( int $id, array $story ): void {
	$found = array();
	foreach ( isset( $story['associations'] ) ? $story['associations'] : array() as $other ) {
		if ( 'lead-picture' === $other['name'] && ! empty( $other['renditions'][0]['href'] ) ) {
			$found = $other;
		}
	}
	$url = $found ? $found['renditions'][0]['href'] : '';
	if ( get_post_meta( $id, PICTURE, true ) !== $url ) {
		drop_picture( $id );
		if ( ! $url || ! take_picture( $id, $url ) ) {
			return; // A story without its picture is better than no story; the next version tries again.
		}
	}
	if ( $url ) {
		$words = array_filter( array( said( $found, 'descriptions', 'caption' ), isset( $found['by'] ) ? $found['by'] : '' ) );
		wp_update_post( wp_slash( array( 'ID' => get_post_thumbnail_id( $id ), 'post_excerpt' => implode( ' — ', $words ) ) ) );
		$ends = isset( $found['expires'] ) ? strtotime( $found['expires'] ) : 0;
		wp_clear_scheduled_hook( 'syndicate_partner_picture', array( $id ) );
		if ( $ends ) {
			wp_schedule_single_event( $ends, 'syndicate_partner_picture', array( $id ) );
		}
	}
}

function take_picture( int $id, string $url ): bool {
	foreach ( array( 'media', 'file', 'image' ) as $file ) {
		require_once ABSPATH . "wp-admin/includes/$file.php";
	}
	$picture = media_sideload_image( $url, $id, null, 'id' );
	if ( is_wp_error( $picture ) ) {
		error_log( "syndicate-partner: the picture of post $id did not come: " . $picture->get_error_message() );
		return false;
	}
	set_post_thumbnail( $id, $picture );
	update_post_meta( $id, PICTURE, $url );
	return true;
}

add_action( 'syndicate_partner_picture', __NAMESPACE__ . '\drop_picture' );
function drop_picture( $id ): void {
	if ( get_post_meta( $id, PICTURE, true ) ) {
		wp_delete_attachment( get_post_thumbnail_id( $id ), true );
		delete_post_meta( $id, PICTURE );
	}
}
