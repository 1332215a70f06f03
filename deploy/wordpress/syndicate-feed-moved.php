<?php
/**
 * Plugin Name: Syndicate Feed Moved
 * Description: Leads readers of this site's main feed to the feed that syndicate serves, for good.
 * Version: 1.0
 * Requires at least: 5.9
 * Requires PHP: 7.4
 *
 * Put this file into wp-content/mu-plugins/ and say in wp-config.php where the feed is now:
 *
 *   define( 'SYNDICATE_FEED', 'https://feeds.example.org/feeds/latest/rss.xml' );
 *
 * Feeds of comments, categories, authors and searches stay where they are.
 */

namespace Syndicate\FeedMoved;

defined( 'ABSPATH' ) || exit;

function is_main_feed(): bool {
	return is_feed() && ! is_comment_feed() && ! is_singular() && ! is_archive() && ! is_search();
}

add_action( 'template_redirect', __NAMESPACE__ . '\lead', 1 );
function lead(): void {
	if ( defined( 'SYNDICATE_FEED' ) && SYNDICATE_FEED && is_main_feed() ) {
		wp_redirect( SYNDICATE_FEED, 301, 'syndicate' ); // Another host, so that wp_safe_redirect would not go there.
		exit;
	}
}

// What pages name as their feed, for readers that look for one.
add_filter( 'feed_link', __NAMESPACE__ . '\named', 10, 2 );
function named( $link, $feed = '' ) {
	$is_main = defined( 'SYNDICATE_FEED' ) && SYNDICATE_FEED && 0 !== strpos( (string) $feed, 'comments_' );
	return $is_main ? SYNDICATE_FEED : $link;
}
