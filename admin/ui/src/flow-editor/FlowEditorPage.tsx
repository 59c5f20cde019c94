/** The editor of one flow. */
import { useParams } from 'react-router';
import { EditorLoader } from './EditorLoader';

export function FlowEditorPage() {
  const { name = '' } = useParams();
  return <EditorLoader key={name} item={`library/${name}`} isJourney={false} />;
}
