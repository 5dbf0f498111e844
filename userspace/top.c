// SPDX-License-Identifier: GPL-2.0
/*
 * Everything here is text of a given width, so that it can be tested without a terminal. What
 * is not printable ASCII, which the name of a device may have, becomes a '?'.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

#define REVERSE "\x1b[7m"

/* Columns; a wide screen has more for endpoints, then for keys. */
enum {
	DEVICE_COLS = sizeof("DEVICE") - 1,
	PEERS_COLS = 9, /* at least */
	RATE_COLS = 10,
	COUNT_COLS = 8,
	PEER_COLS = 9,
	ENDPOINT_COLS = 14, /* with fewer it is left out */
	ENDPOINT_MAX_COLS = sizeof("[2001:db8:1111:2222:3333:4444:5555:6666]:65535") - 1,
	AGE_COLS = 9,
};

static const struct device *find_device(const struct device *list, const struct device *dev)
{
	while (list && (strcmp(list->name, dev->name) || list->ifindex != dev->ifindex))
		list = list->next;
	return list;
}

/* Peers come in the same order each time, in most cases: look behind the one before first. */
static const struct peer *find_peer(const struct device *dev, const struct peer *hint,
				    const uint8_t key[KEY_LEN])
{
	const struct peer *peer = hint ? hint->next : NULL;

	if (peer && !memcmp(peer->public_key, key, KEY_LEN))
		return peer;
	return device_find_peer(dev, key);
}

/* A counter that has become less belongs to something new. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now < before || seconds <= 0 ? -1 : (double)(now - before) / seconds;
}

static size_t device_rows(const struct top *top, const struct device *dev, struct top_row *rows)
{
	const struct device *before = find_device(top->before, dev);
	const struct peer *peer, *was = NULL;
	size_t n = 0;

	for (peer = dev->peers; peer; peer = peer->next, n++) {
		rows[n] = (struct top_row){ .dev = dev, .peer = peer, .rx = -1, .tx = -1 };
		was = before ? find_peer(before, was, peer->public_key) : NULL;
		if (!was)
			continue;
		rows[n].rx = rate(peer->rx_bytes, was->rx_bytes, top->seconds);
		rows[n].tx = rate(peer->tx_bytes, was->tx_bytes, top->seconds);
	}
	return n;
}

static double known(double value)
{
	return value < 0 ? 0 : value;
}

/* The highest rate first; then the latest handshake; then by name, to stand still. */
static int by_rate(const void *a, const void *b)
{
	const struct top_row *p = a, *q = b;
	double p_rate = known(p->rx) + known(p->tx), q_rate = known(q->rx) + known(q->tx);
	time_t p_time = p->peer->last_handshake.tv_sec, q_time = q->peer->last_handshake.tv_sec;
	int diff;

	if (p_rate > q_rate || p_rate < q_rate)
		return p_rate > q_rate ? -1 : 1;
	if (p_time != q_time)
		return p_time > q_time ? -1 : 1;
	diff = strcmp(p->dev->name, q->dev->name);
	return diff ? diff : memcmp(p->peer->public_key, q->peer->public_key, KEY_LEN);
}

/**
 * top_rows() - the peers of all devices, in the order in which they are shown
 * @top: the devices
 * @n: gets how many
 *
 * Return: an array to be freed, NULL without memory.
 */
struct top_row *top_rows(const struct top *top, size_t *n)
{
	const struct device *dev;
	struct top_row *rows;
	size_t all = 0;

	for (dev = top->now; dev; dev = dev->next)
		all += dev->n_peers;
	rows = calloc(all + 1, sizeof(*rows));
	if (!rows)
		return NULL;
	*n = 0;
	for (dev = top->now; dev; dev = dev->next)
		*n += device_rows(top, dev, rows + *n);
	qsort(rows, *n, sizeof(*rows), by_rate);
	return rows;
}

/**
 * top_rate() - "12.3 MiB", at most 10 characters
 * @text: gets it
 * @bytes: in a second; less than 0: not known
 *
 * Return: @text.
 */
const char *top_rate(char text[16], double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	/* 1023.95 would be rounded to 1024.0 */
	while (unit + 1 < sizeof(units) / sizeof(units[0]) && bytes >= (unit ? 1023.95 : 1023.5)) {
		bytes /= 1024;
		unit++;
	}
	if (bytes < 0)
		strcpy(text, "-");
	else
		snprintf(text, 16, "%.*f %s", unit ? 1 : 0, bytes > 9999 ? 9999 : bytes,
			 units[unit]);
	return text;
}

/**
 * top_count() - "1234", "0.5" or "123.4M", at most 8 characters
 * @text: gets it
 * @n: how many; less than 0: not known
 *
 * Return: @text.
 */
const char *top_count(char text[16], double n)
{
	static const char units[] = "kMGTPE";
	size_t unit = 0;

	if (n < 0) {
		strcpy(text, "-");
	} else if (n < 99999999.5) {
		snprintf(text, 16, "%.*f", n < 999.95 && n > (double)(unsigned int)n ? 1 : 0, n);
	} else {
		for (n /= 1000; n >= 999.95 && unit + 2 < sizeof(units); unit++)
			n /= 1000;
		snprintf(text, 16, "%.1f%c", n > 9999 ? 9999 : n, units[unit]);
	}
	return text;
}

/**
 * top_age() - "2m05s", at most 9 characters
 * @text: gets it
 * @when: CLOCK_REALTIME; zero: never
 * @now: the same
 *
 * Return: @text.
 */
const char *top_age(char text[16], const struct timespec *when, time_t now)
{
	long long age = (long long)now - when->tv_sec;

	if (!when->tv_sec)
		strcpy(text, "never");
	else if (age < 0)
		strcpy(text, "in future");
	else if (age < 60)
		snprintf(text, 16, "%llds", age);
	else if (age < 3600)
		snprintf(text, 16, "%lldm%02llds", age / 60, age % 60);
	else if (age < 86400)
		snprintf(text, 16, "%lldh%02lldm", age / 3600, age / 60 % 60);
	else
		snprintf(text, 16, "%lldd%02lldh", age / 86400 % 100000, age / 3600 % 24);
	return text;
}

/**
 * struct line - a line that is being written
 * @style: where to and how
 * @left: columns that are free
 */
struct line {
	const struct style *style;
	size_t left;
};

/*
 * Text in a colour (NULL: none) in @cols columns; '~' at the end: it is cut. With @right it is
 * on their right, and there whole or "-", or blanks, as the half of a number is none.
 */
static void put_cols(struct line *line, const char *color, const char *text, size_t cols,
		     bool right)
{
	char cell[256];
	size_t len, from, i;

	if (right && strlen(text) > cols)
		text = "-";
	len = strlen(text);
	if (cols > line->left) {
		cols = right ? 0 : line->left;
		line->left = cols;
	}
	if (cols >= sizeof(cell))
		cols = sizeof(cell) - 1;
	memset(cell, ' ', cols);
	cell[cols] = '\0';
	from = right && len < cols ? cols - len : 0;
	for (i = 0; i < len && i < cols; i++)
		cell[from + i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
	if (len > cols && cols)
		cell[cols - 1] = '~';
	if (color && cols)
		style_put(line->style, color, cell);
	else
		fputs(cell, line->style->out);
	line->left -= cols;
}

static void put_text(struct line *line, const char *color, const char *text)
{
	put_cols(line, color, text, strlen(text), false);
}

/* A cell of a table, and the space behind it. */
static void put_cell(struct line *line, const char *color, const char *text, size_t cols,
		     bool right)
{
	put_cols(line, color, text, cols, right);
	put_text(line, NULL, " ");
}

/* All of it or nothing. */
static void put_value(struct line *line, const char *label, const char *value)
{
	if (strlen(label) + strlen(value) > line->left) {
		line->left = 0;
		return;
	}
	put_text(line, NULL, label);
	put_text(line, COLOR_BOLD, value);
}

static struct line begin_line(const struct style *style, const struct top *top)
{
	return (struct line){ .style = style, .left = top->width };
}

static void end_line(const struct line *line)
{
	fputc('\n', line->style->out);
}

static bool is_alive(const struct peer *peer, time_t now)
{
	return peer->last_handshake.tv_sec && now - peer->last_handshake.tv_sec <= TOP_ALIVE;
}

/**
 * struct sums - of a device, or of all of them
 * @peers: how many
 * @alive: those with a session
 * @rx: bytes from them in a second; less than 0: not known
 * @tx: bytes to them
 */
struct sums {
	size_t peers;
	size_t alive;
	double rx;
	double tx;
};

/* Of one device, or with NULL of all. */
static struct sums sum_up(const struct top_row *rows, size_t n, const struct device *dev,
			  time_t now)
{
	struct sums sums = { .rx = -1, .tx = -1 };
	size_t i;

	for (i = 0; i < n; i++) {
		if (dev && rows[i].dev != dev)
			continue;
		sums.peers++;
		sums.alive += is_alive(rows[i].peer, now);
		if (rows[i].rx >= 0)
			sums.rx = known(sums.rx) + rows[i].rx;
		if (rows[i].tx >= 0)
			sums.tx = known(sums.tx) + rows[i].tx;
	}
	return sums;
}

static void put_rate(struct line *line, const char *label, double bytes)
{
	char text[24], spare[16];

	snprintf(text, sizeof(text), "%s/s", top_rate(spare, bytes));
	put_value(line, label, bytes < 0 ? "-" : text);
}

static size_t count_devices(const struct top *top)
{
	const struct device *dev;
	size_t n = 0;

	for (dev = top->now; dev; dev = dev->next)
		n++;
	return n;
}

static void put_head(const struct style *style, const struct top *top, const struct top_row *rows,
		     size_t n)
{
	struct line line = begin_line(style, top);
	struct sums sums = sum_up(rows, n, NULL, style->now);
	char text[48];
	struct tm tm;

	localtime_r(&style->now, &tm);
	strftime(text, sizeof(text), "mytun  %H:%M:%S", &tm);
	put_text(&line, COLOR_BOLD, text);
	snprintf(text, sizeof(text), "%zu", count_devices(top));
	put_value(&line, "  devices ", text);
	snprintf(text, sizeof(text), "%zu/%zu", sums.alive, sums.peers);
	put_value(&line, "  peers ", text);
	put_rate(&line, "  rx ", sums.rx);
	put_rate(&line, "  tx ", sums.tx);
	end_line(&line);
}

/* The sum of all reasons, and the reason that counts most. */
static uint64_t sum_drops(const struct device *dev, const struct device *before,
			  unsigned int *most)
{
	uint64_t sum = 0, n, max = 0;
	unsigned int drop;

	*most = MYTUN_DROP_UNSPEC;
	for (drop = MYTUN_DROP_UNSPEC + 1; drop <= MYTUN_DROP_MAX; drop++) {
		n = dev->drops[drop];
		if (before && n >= before->drops[drop])
			n -= before->drops[drop];
		sum += n;
		if (n <= max)
			continue;
		max = n;
		*most = drop;
	}
	return sum;
}

/* How many, in a second, and why mostly: those that are new, or if there are none, all. */
static void put_drops(struct line *line, const struct top *top, const struct device *dev)
{
	const struct device *before = find_device(top->before, dev);
	unsigned int most, most_new = MYTUN_DROP_UNSPEC;
	uint64_t all = sum_drops(dev, NULL, &most), fresh = 0;
	double each_second = -1;
	char spare[16];

	if (before && top->seconds > 0) {
		fresh = sum_drops(dev, before, &most_new);
		each_second = (double)fresh / top->seconds;
	}
	put_cell(line, NULL, top_count(spare, (double)all), COUNT_COLS, true);
	put_cell(line, fresh ? COLOR_RED : NULL, top_count(spare, each_second), COUNT_COLS, true);
	put_text(line, NULL, all ? drop_name(fresh ? most_new : most, spare) : "-");
}

/* Wide enough for all names that there are. */
static size_t device_cols(const struct top *top)
{
	size_t cols = DEVICE_COLS, len;
	const struct device *dev;

	for (dev = top->now; dev; dev = dev->next) {
		len = strlen(dev->name);
		cols = len > cols ? len : cols;
	}
	return cols;
}

/* The same, were all peers of each alive: who comes or goes moves no column. */
static size_t peers_cols(const struct top *top)
{
	size_t cols = PEERS_COLS, len;
	const struct device *dev;

	for (dev = top->now; dev; dev = dev->next) {
		len = (size_t)snprintf(NULL, 0, "%zu/%zu", dev->n_peers, dev->n_peers);
		cols = len > cols ? len : cols;
	}
	return cols;
}

static void put_device(const struct style *style, const struct top *top, const struct device *dev,
		       const struct sums *sums)
{
	struct line line = begin_line(style, top);
	char text[48];

	put_cell(&line, COLOR_GREEN, dev->name, device_cols(top), false);
	snprintf(text, sizeof(text), "%zu/%zu", sums->alive, sums->peers);
	put_cell(&line, NULL, text, peers_cols(top), true);
	put_cell(&line, NULL, top_rate(text, sums->rx), RATE_COLS, true);
	put_cell(&line, NULL, top_rate(text, sums->tx), RATE_COLS, true);
	put_drops(&line, top, dev);
	end_line(&line);
}

/* In reverse they are a bar as wide as the screen. */
static void put_titles(const struct style *style, const struct top *top, const char *text)
{
	struct line line = begin_line(style, top);
	size_t len = strlen(text);

	put_cols(&line, REVERSE, text, style->color && len < line.left ? line.left : len, false);
	end_line(&line);
}

static void put_more(const struct style *style, const struct top *top, size_t n,
		     const char *things)
{
	struct line line = begin_line(style, top);
	char text[64];

	snprintf(text, sizeof(text), "(%zu more %s)", n, things);
	put_text(&line, NULL, text);
	end_line(&line);
}

/*
 * Half of the screen at most, so that peers are seen when there are many devices; on a very
 * low one nothing. Return: how many lines.
 */
static size_t put_devices(const struct style *style, const struct top *top,
			  const struct top_row *rows, size_t n)
{
	size_t all = count_devices(top), room = all, shown, i;
	const struct device *dev = top->now;
	char text[256];

	if (top->height)
		room = top->height > 4 ? top->height / 2 - 2 : 0;
	if (room < all && room < 2)
		return 0;
	shown = all > room ? room - 1 : all;
	snprintf(text, sizeof(text), "%-*s %*s %*s %*s %*s %*s MOSTLY", (int)device_cols(top),
		 "DEVICE", (int)peers_cols(top), "PEERS", RATE_COLS, "RX/s", RATE_COLS, "TX/s",
		 COUNT_COLS, "DROPS", COUNT_COLS, "DROPS/s");
	put_titles(style, top, text);
	for (i = 0; i < shown; i++, dev = dev->next) {
		struct sums sums = sum_up(rows, n, dev, style->now);

		put_device(style, top, dev, &sums);
	}
	if (shown < all)
		put_more(style, top, all - shown, "devices");
	return 1 + shown + (shown < all);
}

/* How many columns keys and endpoints have; 0: there is no room for endpoints. */
static void share_width(const struct top *top, size_t *peer, size_t *endpoint)
{
	size_t others = device_cols(top) + 2 * RATE_COLS + AGE_COLS + 5;
	size_t width = top->width > others ? top->width - others : 0, more;

	*peer = PEER_COLS;
	*endpoint = 0;
	if (width >= PEER_COLS + ENDPOINT_COLS) {
		*endpoint = width - PEER_COLS;
		more = *endpoint > ENDPOINT_MAX_COLS ? *endpoint - ENDPOINT_MAX_COLS : 0;
		*endpoint -= more;
	} else {
		more = width > PEER_COLS ? width + 1 - PEER_COLS : 0;
	}
	*peer += more < KEY_BASE64_LEN - 1 - PEER_COLS ? more : KEY_BASE64_LEN - 1 - PEER_COLS;
}

static void put_peer_titles(const struct style *style, const struct top *top)
{
	size_t peer, endpoint;
	char text[256];

	share_width(top, &peer, &endpoint);
	snprintf(text, sizeof(text), "%-*s %-*s %-*s%s%*s %*s %*s", (int)device_cols(top),
		 "DEVICE", (int)peer, "PEER", (int)endpoint, endpoint ? "ENDPOINT" : "",
		 endpoint ? " " : "", RATE_COLS, "RX/s", RATE_COLS, "TX/s", AGE_COLS, "HANDSHAKE");
	put_titles(style, top, text);
}

/* An endpoint without its middle: network and port tell more. */
static void shorten(char *text, size_t cols)
{
	size_t len = strlen(text), tail = cols / 2;

	if (len <= cols)
		return;
	memmove(text + cols - tail, text + len - tail, tail + 1);
	text[cols - tail - 1] = '~';
}

static void put_row(const struct style *style, const struct top *top, const struct top_row *row)
{
	const char *age_color = is_alive(row->peer, style->now)		  ? COLOR_GREEN :
				row->peer->last_handshake.tv_sec ? COLOR_YELLOW : COLOR_RED;
	struct line line = begin_line(style, top);
	char key[KEY_BASE64_LEN], text[ENDPOINT_LEN], spare[16];
	size_t peer, endpoint;

	share_width(top, &peer, &endpoint);
	put_cell(&line, COLOR_GREEN, row->dev->name, device_cols(top), false);
	key_to_base64(key, row->peer->public_key);
	put_cell(&line, NULL, key, peer, false);
	strcpy(text, "-");
	if (row->peer->flags & PEER_HAS_ENDPOINT)
		format_endpoint(text, &row->peer->endpoint);
	if (endpoint) {
		shorten(text, endpoint);
		put_cell(&line, NULL, text, endpoint, false);
	}
	put_cell(&line, NULL, top_rate(spare, row->rx), RATE_COLS, true);
	put_cell(&line, NULL, top_rate(spare, row->tx), RATE_COLS, true);
	put_cols(&line, age_color, top_age(spare, &row->peer->last_handshake, style->now), AGE_COLS,
		 true);
	end_line(&line);
}

/* As many lines as there is room for; the last of them says how many more there would be. */
static void put_rows(const struct style *style, const struct top *top, const struct top_row *rows,
		     size_t n, size_t used)
{
	size_t room = !top->height ? n : top->height > used ? top->height - used : 0;
	size_t shown = n <= room ? n : room ? room - 1 : 0, i;

	for (i = 0; i < shown; i++)
		put_row(style, top, &rows[i]);
	if (shown < n && room)
		put_more(style, top, n - shown, "peers");
}

/**
 * top_screen() - everything, in lines of at most @top->width columns, at most @top->height
 * @style: where to and how, with the time of now
 * @top: what
 *
 * Return: 0 or -ENOMEM.
 */
int top_screen(const struct style *style, const struct top *top)
{
	struct top_row *rows;
	size_t n, used;

	rows = top_rows(top, &n);
	if (!rows)
		return -ENOMEM;
	put_head(style, top, rows, n);
	used = 2 + put_devices(style, top, rows, n);
	put_peer_titles(style, top);
	put_rows(style, top, rows, n, used);
	free(rows);
	return 0;
}
