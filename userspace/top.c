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

/* Columns; a wide screen has more for keys, and what is left for endpoints. */
#define DEVICE_COLS 10
#define PEER_COLS 9
#define RATE_COLS 10
#define AGE_COLS 9
#define OTHER_COLS (DEVICE_COLS + 2 * RATE_COLS + AGE_COLS + 5)

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

/* Text in a colour (NULL: none) in @cols columns, on their right with @right. */
static void put_cols(struct line *line, const char *color, const char *text, size_t cols,
		     bool right)
{
	char cell[256];
	size_t len = strnlen(text, cols), i;

	if (cols > line->left)
		cols = line->left;
	if (cols >= sizeof(cell))
		cols = sizeof(cell) - 1;
	if (len > cols)
		len = cols;
	memset(cell, ' ', cols);
	cell[cols] = '\0';
	for (i = 0; i < len; i++)
		cell[right ? cols - len + i : i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
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

static void put_value(struct line *line, const char *label, const char *value)
{
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

static void put_sums(struct line *line, const struct sums *sums)
{
	char text[64], spare[16];

	snprintf(text, sizeof(text), "%zu/%zu", sums->alive, sums->peers);
	put_value(line, "  peers ", text);
	snprintf(text, sizeof(text), "%s/s", top_rate(spare, sums->rx));
	put_value(line, "  rx ", sums->rx < 0 ? "-" : text);
	snprintf(text, sizeof(text), "%s/s", top_rate(spare, sums->tx));
	put_value(line, "  tx ", sums->tx < 0 ? "-" : text);
}

static void put_head(const struct style *style, const struct top *top, const struct top_row *rows,
		     size_t n)
{
	struct line line = begin_line(style, top);
	struct sums sums = sum_up(rows, n, NULL, style->now);
	const struct device *dev;
	unsigned int devices = 0;
	char text[32];
	struct tm tm;

	for (dev = top->now; dev; dev = dev->next)
		devices++;
	localtime_r(&style->now, &tm);
	strftime(text, sizeof(text), "mytun  %H:%M:%S", &tm);
	put_text(&line, COLOR_BOLD, text);
	snprintf(text, sizeof(text), "%u", devices);
	put_value(&line, "  devices ", text);
	put_sums(&line, &sums);
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

/* "  drops 12 +3/s rx-replay": all of them; what is new, and mostly why. */
static void put_drops(struct line *line, const struct top *top, const struct device *dev)
{
	const struct device *before = find_device(top->before, dev);
	unsigned int most, most_new = MYTUN_DROP_UNSPEC;
	uint64_t all = sum_drops(dev, NULL, &most), fresh = 0;
	char text[64], spare[16];

	if (before)
		fresh = sum_drops(dev, before, &most_new);
	snprintf(text, sizeof(text), "%" PRIu64, all);
	put_value(line, "  drops ", text);
	if (fresh && top->seconds > 0) {
		snprintf(text, sizeof(text), " +%.1f/s", (double)fresh / top->seconds);
		put_text(line, COLOR_RED, text);
		most = most_new;
	}
	if (!all)
		return;
	put_text(line, NULL, " ");
	put_text(line, NULL, drop_name(most, spare));
}

static void put_device(const struct style *style, const struct top *top, const struct device *dev,
		       const struct sums *sums)
{
	struct line line = begin_line(style, top);
	size_t len = strlen(dev->name);

	put_cols(&line, COLOR_GREEN, dev->name, len < DEVICE_COLS ? DEVICE_COLS : len, false);
	put_sums(&line, sums);
	put_drops(&line, top, dev);
	end_line(&line);
}

/* How many columns keys and endpoints have. */
static void share_width(const struct top *top, size_t *peer, size_t *endpoint)
{
	size_t width = top->width < TOP_WIDTH ? TOP_WIDTH : top->width;

	*peer = PEER_COLS + (width - TOP_WIDTH);
	if (*peer > KEY_BASE64_LEN - 1)
		*peer = KEY_BASE64_LEN - 1;
	*endpoint = width - OTHER_COLS - *peer;
}

static void put_titles(const struct style *style, const struct top *top)
{
	struct line line = begin_line(style, top);
	size_t peer, endpoint;
	char text[256];

	share_width(top, &peer, &endpoint);
	snprintf(text, sizeof(text), "%-*s %-*s %-*s %*s %*s %*s", DEVICE_COLS, "DEVICE",
		 (int)peer, "PEER", (int)endpoint, "ENDPOINT", RATE_COLS, "RX/s", RATE_COLS,
		 "TX/s", AGE_COLS, "HANDSHAKE");
	put_text(&line, REVERSE, text);
	end_line(&line);
}

static void put_row(const struct style *style, const struct top *top, const struct top_row *row)
{
	const char *age_color = is_alive(row->peer, style->now)		  ? COLOR_GREEN :
				row->peer->last_handshake.tv_sec ? COLOR_YELLOW : COLOR_RED;
	struct line line = begin_line(style, top);
	char key[KEY_BASE64_LEN], text[ENDPOINT_LEN], spare[16];
	size_t peer, endpoint;

	share_width(top, &peer, &endpoint);
	key_to_base64(key, row->peer->public_key);
	strcpy(text, "-");
	if (row->peer->flags & PEER_HAS_ENDPOINT)
		format_endpoint(text, &row->peer->endpoint);
	if (strlen(text) > endpoint)
		text[endpoint - 1] = '~';
	put_cols(&line, COLOR_GREEN, row->dev->name, DEVICE_COLS, false);
	put_text(&line, NULL, " ");
	put_cols(&line, COLOR_YELLOW, key, peer, false);
	put_text(&line, NULL, " ");
	put_cols(&line, NULL, text, endpoint, false);
	put_text(&line, NULL, " ");
	put_cols(&line, NULL, top_rate(spare, row->rx), RATE_COLS, true);
	put_text(&line, NULL, " ");
	put_cols(&line, NULL, top_rate(spare, row->tx), RATE_COLS, true);
	put_text(&line, NULL, " ");
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
		fprintf(style->out, "(%zu more peers)\n", n - shown);
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
	const struct device *dev;
	struct top_row *rows;
	size_t n, used = 2;

	rows = top_rows(top, &n);
	if (!rows)
		return -ENOMEM;
	put_head(style, top, rows, n);
	/* half of the screen at most, so that peers are seen when there are many devices */
	for (dev = top->now; dev && (!top->height || used < top->height / 2); dev = dev->next) {
		struct sums sums = sum_up(rows, n, dev, style->now);

		put_device(style, top, dev, &sums);
		used++;
	}
	put_titles(style, top);
	put_rows(style, top, rows, n, used);
	free(rows);
	return 0;
}
