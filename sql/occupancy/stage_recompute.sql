-- Where a computation of hours keeps what it works with; gone with its transaction.
CREATE TEMPORARY TABLE taken (
    area_id text NOT NULL, source_id text NOT NULL, touched_from timestamptz NOT NULL, touched_until timestamptz NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE stretches (area_id text NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE grid (hour_start timestamptz NOT NULL, hour_end timestamptz NOT NULL, production_day date NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE target_hours (
    area_id text NOT NULL, hour_start timestamptz NOT NULL, hour_end timestamptz NOT NULL, production_day date NOT NULL,
    counted_until timestamptz NOT NULL, island bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE islands (
    area_id text NOT NULL, island bigint NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE members (
    area_id text NOT NULL, island bigint NOT NULL, source_id text NOT NULL, kind text NOT NULL, max_silence interval NOT NULL,
    ends_at timestamptz NOT NULL, present_from timestamptz NOT NULL, present_until timestamptz NOT NULL, area_until timestamptz NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE holders (
    area_id text NOT NULL, island bigint NOT NULL, holder text NOT NULL, level_from timestamptz NOT NULL,
    ends_at timestamptz NOT NULL, base_at timestamptz NOT NULL, base_level bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE heard (
    area_id text NOT NULL, island bigint NOT NULL, source_id text NOT NULL, source_kind text NOT NULL, observed_at timestamptz NOT NULL,
    event_id text NOT NULL, kind text NOT NULL, direction text, people bigint, is_person boolean NOT NULL
) ON COMMIT DROP;
CREATE INDEX ON heard (area_id, island, observed_at);
CREATE TEMPORARY TABLE moves (
    area_id text NOT NULL, island bigint NOT NULL, holder text NOT NULL, at timestamptz NOT NULL, level bigint,
    surplus bigint NOT NULL, is_last boolean NOT NULL
) ON COMMIT DROP;
CREATE INDEX ON moves (area_id, island, at);
CREATE TEMPORARY TABLE figures (
    area_id text NOT NULL, series text NOT NULL, hour_start timestamptz NOT NULL, observed_us bigint NOT NULL, person_us numeric,
    max_level bigint, min_level bigint, closing_level bigint
) ON COMMIT DROP
