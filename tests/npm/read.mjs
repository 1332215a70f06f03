// Reads one feed with one of the parsers and prints what it shows of each entry, as JSON lines.
// usage: node read.mjs PARSER ADDRESS
import { extractFromXml, extractFromJson } from "@extractus/feed-extractor";
import { parseFeed } from "feedsmith";
import Parser from "rss-parser";

const names = (people) => (people ?? []).map((one) => one.name ?? one).join(", ");

const readers = {
  async "rss-parser"(text) {
    const feed = await new Parser().parseString(text);
    return feed.items.map((item) => ({
      id: item.guid ?? item.id,
      title: item.title,
      link: item.link,
      date: item.isoDate,
      author: item.creator ?? item.author,
      source: item.source?._ ?? item.source,
      text: item["content:encoded"] ?? item.content ?? item.summary,
    }));
  },
  async feedsmith(text) {
    const { feed } = parseFeed(text);
    return (feed.items ?? feed.entries).map((item) => ({
      id: item.guid?.value ?? item.id,
      title: item.title?.value ?? item.title,
      link: item.link ?? item.url ?? item.links?.find((one) => (one.rel ?? "alternate") === "alternate")?.href,
      date: item.pubDate ?? item.published ?? item.date_published,
      author: names(item.dc?.creators ?? item.authors),
      source: item.source?.title?.value ?? item.source?.title ?? item._syndicate?.source?.name,
      language: item.dc?.languages?.[0] ?? item.language,
      text: item.content?.encoded ?? item.content?.value ?? item.content ?? item.content_html ?? item.description?.value ?? item.description ?? item.summary?.value ?? item.summary,
    }));
  },
  async "@extractus/feed-extractor"(text) {
    const json = text.trimStart().startsWith("{");
    // It keeps title, link, date and a description; the rest is asked for.
    const more = {
      descriptionMaxLen: 0,
      getExtraEntryFields: (item) => ({
        author: item["dc:creator"] ?? names([item.author ?? item.authors ?? []].flat()),
        text: item["content:encoded"] ?? item.content?.["#text"] ?? item.content_html ?? item.summary?.["#text"] ?? item.description,
        source: item.source?.["#text"] ?? item.source?.title ?? item._syndicate?.source?.name,
        language: item["dc:language"] ?? item["@_xml:lang"] ?? item.language,
      }),
    };
    const feed = json ? extractFromJson(JSON.parse(text), more) : extractFromXml(text, more);
    return feed.entries.map((item) => ({ ...item, date: item.published }));
  },
};

const [parser, address] = process.argv.slice(2);
const answer = await fetch(address);
for (const entry of await readers[parser](await answer.text())) console.log(JSON.stringify(entry));
