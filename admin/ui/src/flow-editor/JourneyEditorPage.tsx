/** The editor of one journey: the same canvas, with the people in it. */
import { useParams } from 'react-router';
import { EditorLoader } from './EditorLoader';

export function JourneyEditorPage() {
  const { name = '' } = useParams();
  return <EditorLoader key={name} item={`journeys/${name}`} isJourney />;
}
