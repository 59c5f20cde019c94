-- Finds the articles that a question is about: by meaning (the vector) and by words, both at once.
-- {nearness} and {comparable} are filled in by bot/knowledge/search.py; nothing that anybody typed is.
WITH common AS (
    -- How many of all passages hold a word, from the statistics of the column.
    SELECT unnest(most_common_elems::text::text[]) AS lexeme, unnest(most_common_elem_freqs) AS share
    FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'knowledge_passages' AND attname = 'search'
),
words AS MATERIALIZED (
    SELECT asked.lexeme,
           ('''' || replace(replace(asked.lexeme, '\', '\\'), '''', '''''') || '''')::tsquery AS query,
           ('''' || replace(replace(asked.lexeme, '\', '\\'), '''', '''''') || '''\:AB')::tsquery AS in_heading,
           coalesce(common.share, 0) AS share,
           ln(1 + 1 / coalesce(common.share, :rare)) AS weight
    FROM (
        SELECT DISTINCT found.lexeme
        FROM unnest(CAST(:configurations AS regconfig[])) AS configuration,
             unnest(to_tsvector(configuration, :question)) AS found
    ) AS asked
    LEFT JOIN common ON common.lexeme = asked.lexeme
    ORDER BY share, length(asked.lexeme) DESC
    LIMIT :most_words
),
total AS MATERIALIZED (SELECT greatest(sum(weight), 0.001) AS weight FROM words),
-- Rare words find; those that stand in very many passages only weigh what was found, but for the rarest of them.
finding AS MATERIALIZED (
    SELECT string_agg(query::text, ' | ')::tsquery AS query
    FROM words
    WHERE share * (SELECT reltuples FROM pg_class WHERE oid = 'knowledge_passages'::regclass) <= :most_holding
       OR share = (SELECT min(share) FROM words WHERE share > 0)
),
near AS MATERIALIZED (
    SELECT article_sha256, {nearness} AS distance
    FROM knowledge_passages
    WHERE live AND {comparable} AND encoder = :encoder
    ORDER BY {nearness}
    LIMIT :nearest
),
worded AS MATERIALIZED (
    SELECT passage.article_sha256, scored.score
    FROM knowledge_passages AS passage
    -- Concatenated, so that it is read from where large values are kept once and not once a word.
    CROSS JOIN LATERAL (SELECT passage.search || ''::tsvector AS search OFFSET 0) AS held
    CROSS JOIN LATERAL (
        SELECT sum(words.weight * CASE WHEN held.search @@ words.in_heading THEN 1.5 ELSE 1 END) AS score
        FROM words
        WHERE held.search @@ words.query
    ) AS scored
    WHERE passage.live AND passage.search @@ (SELECT query FROM finding)
    ORDER BY scored.score DESC
    LIMIT :nearest
),
by_meaning AS (
    SELECT article_sha256, rank() OVER (ORDER BY min(distance)) AS place FROM near GROUP BY article_sha256
),
by_words AS (
    SELECT article_sha256, rank() OVER (ORDER BY max(score) DESC) AS place FROM worded GROUP BY article_sha256
),
fused AS (
    SELECT article_sha256,
           (coalesce(1.0 / (:damping + by_meaning.place), 0) + coalesce(1.0 / (:damping + by_words.place), 0))
           * CASE WHEN left(article.language, 2) = left(:language, 2) THEN 1 ELSE :elsewhere END AS score
    FROM by_meaning
    FULL JOIN by_words USING (article_sha256)
    JOIN knowledge_articles AS article ON article.sha256 = article_sha256
    ORDER BY score DESC
    LIMIT :candidates
)
SELECT article.file, article.title, article.link, article.language, best.heading, best.text, fused.score,
       evidence.cosine, evidence.coverage, evidence.named
FROM fused
JOIN knowledge_articles AS article ON article.sha256 = fused.article_sha256
CROSS JOIN LATERAL (
    SELECT max(CASE WHEN {comparable} AND encoder = :encoder THEN 1 - ({nearness}) END) AS cosine,
           max(CASE WHEN {comparable} AND encoder = :encoder AND passage.kind = 'question'
                         AND passage.text = article.title THEN 1 - ({nearness}) END) AS to_title,
           max(found.weight) / (SELECT weight FROM total) AS coverage,
           max(found.named) / (SELECT weight FROM total) AS named
    FROM knowledge_passages AS passage
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(words.weight), 0) AS weight,
               coalesce(sum(words.weight) FILTER (WHERE passage.search @@ words.in_heading), 0) AS named
        FROM words
        WHERE passage.search @@ words.query
    ) AS found
    WHERE passage.article_sha256 = article.sha256
) AS evidence
CROSS JOIN LATERAL (
    -- What is quoted: of the article's passages the one that is nearest in meaning and says most of the words. The
    -- first has some more where nothing is nearer than the title: what an article is about is said where it begins.
    SELECT passage.heading, passage.text
    FROM knowledge_passages AS passage
    WHERE passage.article_sha256 = article.sha256 AND passage.kind = 'passage'
    ORDER BY CASE WHEN evidence.to_title = evidence.cosine AND passage.number = 0 THEN :beginning ELSE 0 END
             + coalesce(CASE WHEN {comparable} AND encoder = :encoder THEN 1 - ({nearness}) END, 0)
             + coalesce((SELECT sum(words.weight) FROM words WHERE passage.search @@ words.query), 0)
               / (SELECT weight FROM total) / 2 DESC,
             passage.number
    LIMIT 1
) AS best
ORDER BY fused.score DESC
