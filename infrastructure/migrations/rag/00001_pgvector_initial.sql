-- rag: the texts the assistant answers from, cut into chunks, with embeddings and full text.
-- Needs pgvector 0.8 or newer (iterative index scans).

-- migrate:up
CREATE EXTENSION IF NOT EXISTS vector;

CREATE FUNCTION set_updated_at() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public
AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION set_updated_at() IS 'Row trigger: stamps updated_at when a row really changes';

CREATE TABLE collections (
  id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  key             text        NOT NULL,
  name            text        NOT NULL,
  description     text,
  organisation_id uuid,
  embedding_model text        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT collections_key_shape CHECK (key ~ '^[a-z0-9]+([-_][a-z0-9]+)*$'),
  CONSTRAINT collections_name_present CHECK (btrim(name) <> ''),
  CONSTRAINT collections_model_present CHECK (btrim(embedding_model) <> ''),
  CONSTRAINT collections_key_key UNIQUE (key)
);
COMMENT ON TABLE collections IS 'A body of texts that is searched together: experiences, destinations, help pages';
COMMENT ON COLUMN collections.organisation_id IS 'Partner that owns it (id of the iam database); null: the platform''s own';
COMMENT ON COLUMN collections.embedding_model IS 'All its embeddings come from this model; another model means another collection';

CREATE INDEX collections_organisation_idx ON collections (organisation_id) WHERE organisation_id IS NOT NULL;

CREATE TABLE documents (
  id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  collection_id  uuid        NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  source_uri     text        NOT NULL,
  title          text        NOT NULL,
  language       text        NOT NULL DEFAULT 'en',
  content_sha256 bytea       NOT NULL,
  metadata       jsonb       NOT NULL DEFAULT '{}',
  status         text        NOT NULL DEFAULT 'pending',
  indexed_at     timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT documents_language_shape CHECK (language ~ '^[a-z]{2,3}$'),
  CONSTRAINT documents_sha256 CHECK (octet_length(content_sha256) = 32),
  CONSTRAINT documents_metadata_object CHECK (jsonb_typeof(metadata) = 'object'),
  CONSTRAINT documents_status_known CHECK (status IN ('pending', 'indexed', 'failed', 'withdrawn')),
  CONSTRAINT documents_indexed_has_date CHECK (status <> 'indexed' OR indexed_at IS NOT NULL),
  CONSTRAINT documents_source_key UNIQUE (collection_id, source_uri),
  CONSTRAINT documents_id_collection_key UNIQUE (id, collection_id)
);
COMMENT ON TABLE documents IS 'A text as it came from its source';
COMMENT ON COLUMN documents.content_sha256 IS 'Tells a changed text from one that need not be embedded again';

CREATE INDEX documents_metadata_idx ON documents USING gin (metadata jsonb_path_ops);

-- The configuration is a literal in each branch, which makes the function truly immutable.
CREATE FUNCTION chunk_search_vector(language text, heading text, content text) RETURNS tsvector
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, public
AS $$
  SELECT CASE language
    WHEN 'de' THEN setweight(to_tsvector('pg_catalog.german', coalesce(heading, '')), 'A')
                || setweight(to_tsvector('pg_catalog.german', content), 'B')
    WHEN 'en' THEN setweight(to_tsvector('pg_catalog.english', coalesce(heading, '')), 'A')
                || setweight(to_tsvector('pg_catalog.english', content), 'B')
    WHEN 'es' THEN setweight(to_tsvector('pg_catalog.spanish', coalesce(heading, '')), 'A')
                || setweight(to_tsvector('pg_catalog.spanish', content), 'B')
    WHEN 'fr' THEN setweight(to_tsvector('pg_catalog.french', coalesce(heading, '')), 'A')
                || setweight(to_tsvector('pg_catalog.french', content), 'B')
    WHEN 'it' THEN setweight(to_tsvector('pg_catalog.italian', coalesce(heading, '')), 'A')
                || setweight(to_tsvector('pg_catalog.italian', content), 'B')
    ELSE setweight(to_tsvector('pg_catalog.simple', coalesce(heading, '')), 'A')
      || setweight(to_tsvector('pg_catalog.simple', content), 'B')
  END
$$;
COMMENT ON FUNCTION chunk_search_vector(text, text, text) IS 'Full text of a chunk, stemmed in its language where Postgres knows it';

CREATE TABLE chunks (
  id            bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  document_id   uuid         NOT NULL,
  collection_id uuid         NOT NULL,
  ordinal       bigint       NOT NULL,
  language      text         NOT NULL,
  heading       text,
  content       text         NOT NULL,
  token_count   bigint       NOT NULL,
  embedding     vector(1024),
  search_vector tsvector     GENERATED ALWAYS AS (chunk_search_vector(language, heading, content)) STORED,
  created_at    timestamptz  NOT NULL DEFAULT now(),
  FOREIGN KEY (document_id, collection_id) REFERENCES documents (id, collection_id) ON DELETE CASCADE,
  CONSTRAINT chunks_ordinal CHECK (ordinal >= 0),
  CONSTRAINT chunks_content_present CHECK (btrim(content) <> ''),
  CONSTRAINT chunks_token_count CHECK (token_count > 0),
  CONSTRAINT chunks_document_ordinal_key UNIQUE (document_id, ordinal)
);
COMMENT ON TABLE chunks IS 'A passage of a document, the unit that is found';
COMMENT ON COLUMN chunks.collection_id IS 'The document''s, repeated so that a search needs no join to filter';
COMMENT ON COLUMN chunks.embedding IS 'Null until it is embedded; such a chunk is found by full text only';

CREATE INDEX chunks_embedding_hnsw ON chunks USING hnsw (embedding vector_cosine_ops)
  WITH (m = 16, ef_construction = 64);
CREATE INDEX chunks_search_vector_idx ON chunks USING gin (search_vector);
CREATE INDEX chunks_collection_idx ON chunks (collection_id);
CREATE INDEX chunks_to_embed_idx ON chunks (id) WHERE embedding IS NULL;

-- PL/pgSQL, because it plans with the real collection and LIMIT, as the HNSW index needs to be chosen.
-- The threshold stands outside the LIMIT, so that the index can serve ORDER BY ... LIMIT.
-- The iterative scan goes on until enough rows of the collection are found.
CREATE FUNCTION match_chunks(
  query_embedding vector(1024),
  collection      text,
  match_count     int              DEFAULT 10,
  min_similarity  double precision DEFAULT 0
)
RETURNS TABLE (
  rank        bigint,
  chunk_id    bigint,
  document_id uuid,
  ordinal     bigint,
  title       text,
  source_uri  text,
  heading     text,
  content     text,
  metadata    jsonb,
  similarity  double precision
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, public
SET hnsw.iterative_scan = 'strict_order'
AS $$
#variable_conflict use_column
DECLARE
  wanted_collection uuid   := (SELECT id FROM collections WHERE key = match_chunks.collection);
  wanted_count      bigint := least(greatest(match_count, 0), 200);
BEGIN
  RETURN QUERY
  SELECT
    row_number() OVER (ORDER BY n.distance, n.id),
    n.id,
    n.document_id,
    n.ordinal,
    n.title,
    n.source_uri,
    n.heading,
    n.content,
    n.metadata,
    1 - n.distance
  FROM (
    SELECT
      c.id,
      c.document_id,
      c.ordinal,
      d.title,
      d.source_uri,
      c.heading,
      c.content,
      d.metadata,
      c.embedding <=> query_embedding AS distance
    FROM chunks AS c
    JOIN documents AS d ON d.id = c.document_id
    WHERE c.embedding IS NOT NULL
      AND c.collection_id = wanted_collection
      AND d.status <> 'withdrawn'
    ORDER BY c.embedding <=> query_embedding
    LIMIT wanted_count
  ) AS n
  WHERE 1 - n.distance >= min_similarity
  ORDER BY n.distance, n.id;
END
$$;
COMMENT ON FUNCTION match_chunks(vector, text, int, double precision) IS
  'The chunks of a collection nearest to an embedding, best first; similarity is 1 - cosine distance; at most 200';

CREATE TABLE ingestion_jobs (
  id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collection_id uuid        NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  document_id   uuid,
  kind          text        NOT NULL,
  status        text        NOT NULL DEFAULT 'queued',
  attempts      bigint      NOT NULL DEFAULT 0,
  max_attempts  bigint      NOT NULL DEFAULT 5,
  run_after     timestamptz NOT NULL DEFAULT now(),
  locked_by     text,
  locked_until  timestamptz,
  chunks_done   bigint      NOT NULL DEFAULT 0,
  last_error    text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  finished_at   timestamptz,
  FOREIGN KEY (document_id, collection_id) REFERENCES documents (id, collection_id) ON DELETE CASCADE,
  CONSTRAINT ingestion_jobs_kind_known CHECK (kind IN ('ingest', 'embed', 'reindex', 'remove')),
  CONSTRAINT ingestion_jobs_document_needed CHECK (kind = 'reindex' OR document_id IS NOT NULL),
  CONSTRAINT ingestion_jobs_status_known CHECK (status IN ('queued', 'running', 'done', 'failed')),
  CONSTRAINT ingestion_jobs_attempts CHECK (attempts BETWEEN 0 AND max_attempts),
  CONSTRAINT ingestion_jobs_chunks_done CHECK (chunks_done >= 0),
  CONSTRAINT ingestion_jobs_running_locked CHECK (
    (status = 'running') = (locked_by IS NOT NULL) AND (locked_by IS NULL) = (locked_until IS NULL)
  ),
  CONSTRAINT ingestion_jobs_finished_together CHECK ((status IN ('done', 'failed')) = (finished_at IS NOT NULL)),
  CONSTRAINT ingestion_jobs_failed_has_error CHECK (status <> 'failed' OR last_error IS NOT NULL)
);
COMMENT ON TABLE ingestion_jobs IS 'Work queue of the ingestion; workers take rows with FOR UPDATE SKIP LOCKED';
COMMENT ON COLUMN ingestion_jobs.locked_until IS 'A worker that has not come back by then has lost the job';

CREATE UNIQUE INDEX ingestion_jobs_live_key ON ingestion_jobs (document_id, kind)
  WHERE status IN ('queued', 'running');
CREATE INDEX ingestion_jobs_queue_idx ON ingestion_jobs (run_after, id) WHERE status = 'queued';
CREATE INDEX ingestion_jobs_lost_idx ON ingestion_jobs (locked_until) WHERE status = 'running';
CREATE INDEX ingestion_jobs_collection_idx ON ingestion_jobs (collection_id);
CREATE INDEX ingestion_jobs_document_idx ON ingestion_jobs (document_id);

CREATE TRIGGER collections_set_updated_at BEFORE UPDATE ON collections
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER documents_set_updated_at BEFORE UPDATE ON documents
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER ingestion_jobs_set_updated_at BEFORE UPDATE ON ingestion_jobs
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();

-- migrate:down
DROP TABLE ingestion_jobs;
DROP FUNCTION match_chunks(vector, text, int, double precision);
DROP TABLE chunks;
DROP FUNCTION chunk_search_vector(text, text, text);
DROP TABLE documents;
DROP TABLE collections;
DROP FUNCTION set_updated_at();
DROP EXTENSION IF EXISTS vector;
