<?php
/**
 * Plugin Name: Syndicate Push
 * Description: Tells syndicate at once when a story is published, changed, or taken back.
 * Version: 1.0
 * Requires at least: 5.9
 * Requires PHP: 7.4
 *
 * Put this file into wp-content/mu-plugins/ and say in wp-config.php where to and with which secret:
 *
 *   define( 'SYNDICATE_HOOK', 'https://feeds.example.org/api/v1/hooks/blog' );
 *   define( 'SYNDICATE_SECRET', 'whsec_…' );
 *   define( 'SYNDICATE_TYPES', 'post' );   // optional; several with commas between
 *
 * What it sends is signed as Standard Webhooks say. A notice that is not taken is sent
 * again later, by WordPress' own cron, as the story is then.
 */

namespace Syndicate\Push;

defined( 'ABSPATH' ) || exit;

const VERSION_KEY = '_syndicate_version';
const WAITS       = array( 60, 300, 1800, 7200, 21600, 86400, 86400, 86400 ); // Seconds to the next try.
const CRON        = 'syndicate_push';

function is_on(): bool {
	return defined( 'SYNDICATE_HOOK' ) && defined( 'SYNDICATE_SECRET' ) && SYNDICATE_HOOK && SYNDICATE_SECRET;
}

function types(): array {
	$types = defined( 'SYNDICATE_TYPES' ) ? explode( ',', SYNDICATE_TYPES ) : array( 'post' );
	return array_filter( array_map( 'trim', $types ) );
}

/** Whether readers may see it. */
function is_public( $post ): bool {
	return $post && 'publish' === $post->post_status && '' === (string) $post->post_password;
}

/** A number that rises with every notice about a post, also where two fall into one second. */
function next_version( int $id ): int {
	$last = (int) get_post_meta( $id, VERSION_KEY, true );
	return max( $last + 1, (int) floor( microtime( true ) * 1000 ) );
}

// Terms, pictures and meta are saved when this fires; transition_post_status would come too early.
add_action( 'wp_after_insert_post', __NAMESPACE__ . '\saved', 20, 4 );
function saved( $id, $post, $update, $before ): void {
	if ( ! is_on() || wp_is_post_revision( $id ) || wp_is_post_autosave( $id ) ) {
		return;
	}
	if ( ! in_array( $post->post_type, types(), true ) ) {
		return;
	}
	if ( is_public( $post ) ) {
		note( $id, is_public( $before ) ? 'post.updated' : 'post.published' );
	} elseif ( is_public( $before ) || get_post_meta( $id, VERSION_KEY, true ) ) {
		note( $id, 'trash' === $post->post_status ? 'post.trashed' : 'post.unpublished' );
	}
}

// For good, also straight from being published: afterwards nothing of the post can be asked for.
add_action( 'before_delete_post', __NAMESPACE__ . '\deleted', 20, 2 );
function deleted( $id, $post = null ): void {
	$post = $post ? $post : get_post( $id );
	if ( ! is_on() || ! $post || ! in_array( $post->post_type, types(), true ) ) {
		return;
	}
	if ( is_public( $post ) || get_post_meta( $id, VERSION_KEY, true ) ) {
		note( $id, 'post.deleted', array( 'version' => next_version( $id ), 'post' => remains( $post ) ) );
	}
}

/** Keep the notice until it is taken: a site that goes down now sends it when it is back. */
function note( int $id, string $event, array $last = array() ): void {
	static $ids = array();
	$notice = array( 'event' => $event, 'tries' => 0, 'mark' => wp_generate_uuid4() ) + $last;
	update_option( "syndicate_push_$id", $notice, false );
	if ( ! $ids ) {
		add_action(
			'shutdown',
			static function () use ( &$ids ): void {
				// The editor's page is answered first; she does not wait for another machine.
				if ( function_exists( 'fastcgi_finish_request' ) ) {
					fastcgi_finish_request();
				}
				foreach ( array_keys( $ids ) as $known ) {
					push( $known );
				}
			}
		);
	}
	$ids[ $id ] = true;
	wp_clear_scheduled_hook( CRON, array( $id ) );
	wp_schedule_single_event( time() + WAITS[0], CRON, array( $id ) );
}

add_action( CRON, __NAMESPACE__ . '\push' );
function push( $id ): void {
	$key   = "syndicate_push_$id";
	$known = get_option( $key );
	if ( ! is_on() || ! is_array( $known ) ) {
		return;
	}
	$body = wp_json_encode( told( (int) $id, $known ) );
	$code = false === $body ? 0 : send( $body );
	if ( $code >= 200 && $code < 300 ) {
		forget( $id, $known );
	} elseif ( in_array( $code, array( 400, 409, 413, 415, 422 ), true ) ) {
		forget( $id, $known ); // The same would be refused again; the reason stands in syndicate's log and answer.
		error_log( "syndicate-push: post $id was not taken (status $code)" );
	} else {
		again( $id, $known, $code );
	}
}

/** Done with this notice, unless a newer one came meanwhile. */
function forget( $id, array $known ): void {
	wp_cache_delete( "syndicate_push_$id", 'options' );
	if ( get_option( "syndicate_push_$id" ) === $known ) {
		delete_option( "syndicate_push_$id" );
		wp_clear_scheduled_hook( CRON, array( (int) $id ) );
	}
}

function again( $id, array $known, int $code ): void {
	$known['tries']++;
	wp_clear_scheduled_hook( CRON, array( (int) $id ) );
	if ( $known['tries'] >= count( WAITS ) ) {
		delete_option( "syndicate_push_$id" );
		error_log( "syndicate-push: post $id was given up after {$known['tries']} tries (status $code)" );
		return;
	}
	update_option( "syndicate_push_$id", $known, false );
	wp_schedule_single_event( time() + WAITS[ $known['tries'] ], CRON, array( (int) $id ) );
}

/** The notice: the post as it is now, in the words of WordPress' own REST API. */
function told( int $id, array $known ): array {
	if ( isset( $known['post'] ) ) {
		return array( 'event' => $known['event'], 'version' => $known['version'], 'post' => $known['post'] );
	}
	$version = next_version( $id ); // Before the post is read: a newer number never goes with older words.
	update_post_meta( $id, VERSION_KEY, $version );
	clean_post_cache( $id );
	$post = get_post( $id );
	$told = is_public( $post ) ? shown( $post ) : remains( $post );
	return array( 'event' => $known['event'], 'version' => $version, 'site' => home_url( '/' ), 'post' => $told );
}

function shown( $post ): array {
	$type    = get_post_type_object( $post->post_type );
	$base    = $type && $type->rest_base ? $type->rest_base : $post->post_type;
	$request = new \WP_REST_Request( 'GET', "/wp/v2/$base/{$post->ID}" );
	$answer  = rest_do_request( $request );
	if ( $answer->is_error() ) {
		return remains( $post );
	}
	$told = rest_get_server()->response_to_data( $answer, true );
	unset( $told['_links'] );
	$authors = with_guests( $post->ID );
	if ( $authors ) {
		$told['_embedded']['coauthors'] = $authors;
	}
	return $told;
}

/** Guest authors of the plugin Co-Authors Plus, where it is there. */
function with_guests( int $id ): array {
	if ( ! function_exists( 'get_coauthors' ) ) {
		return array();
	}
	return array_map(
		static function ( $author ): array {
			return array( 'display_name' => $author->display_name );
		},
		get_coauthors( $id )
	);
}

/** What is said of a post that must not be shown: which one, and no word of it. */
function remains( $post ): array {
	return array(
		'id'           => $post ? $post->ID : 0,
		'type'         => $post ? $post->post_type : 'post',
		'status'       => $post && 'publish' !== $post->post_status ? $post->post_status : 'private',
		'modified_gmt' => $post ? str_replace( ' ', 'T', $post->post_modified_gmt ) : null,
	);
}

function send( string $body ): int {
	$id   = 'msg_' . wp_generate_uuid4();
	$time = (string) time();
	$key  = base64_decode( preg_replace( '/^whsec_/', '', SYNDICATE_SECRET ) );
	$mark = base64_encode( hash_hmac( 'sha256', "$id.$time.$body", $key, true ) );
	$done = wp_remote_post(
		SYNDICATE_HOOK,
		array(
			'timeout'     => 10,
			'redirection' => 0,
			'body'        => $body,
			'headers'     => array(
				'Content-Type'      => 'application/json',
				'webhook-id'        => $id,
				'webhook-timestamp' => $time,
				'webhook-signature' => "v1,$mark",
			),
		)
	);
	return is_wp_error( $done ) ? 0 : (int) wp_remote_retrieve_response_code( $done );
}
